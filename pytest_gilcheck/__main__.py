"""``python -m pytest_gilcheck``: what can be done with the files of earlier runs, and what this machine allows."""

import sys

from pytest_gilcheck.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
