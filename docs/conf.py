"""How the documentation is built: sphinx-build -nW -b html docs docs/_build/html."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pytest_gilcheck import __version__

project = "pytest-gilcheck"
author = "The pytest-gilcheck developers"
copyright = author
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"pytest-gilcheck {release}"

autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
autodoc_typehints = "none"
# Names of the standard library and of private parts of the package that docstrings mention but no page describes.
nitpick_ignore_regex = [("py:class", r"(?!pytest_gilcheck).*")]
