"""Scripts of the documentation are no doctests; its Markdown is."""

collect_ignore_glob = ["*.py", "*/*.py"]
