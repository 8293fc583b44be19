"""How Sphinx builds the site: `make docs`."""

project = "Cosynth"
author = "The Cosynth authors"
project_copyright = "The Cosynth authors, Apache-2.0"
extensions = ["myst_parser"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 2
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Cosynth"
# links from pages to files of the repository are checked by tests/test_docs.py
suppress_warnings = ["myst.xref_missing"]
