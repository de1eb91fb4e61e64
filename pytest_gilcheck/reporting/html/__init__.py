"""The HTML report: one file that a browser shows without a network."""
