"""Reports: from records to text and files."""
