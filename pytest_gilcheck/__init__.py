"""pytest-gilcheck: does this test get faster in threads, and if not, what stops it."""

__version__ = "0.1.0"
