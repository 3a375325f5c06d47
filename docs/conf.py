"""Sphinx builds the documents: ``make docs``, strictly."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REPOSITORY = PROJECT["urls"]["Source"]

project = PROJECT["name"]
author = PROJECT["authors"][0]["name"]
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name for it
release = version = PROJECT["version"]

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
# A link to a heading that is not there is a warning, and a warning fails the build.
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"{project} {release}"
html_theme_options = {
    "source_repository": REPOSITORY,
    "source_branch": "main",
    "source_directory": "docs/",
}
# The pages load nothing from anybody else, and say nothing of when they were built.
html_copy_source = False
html_show_sphinx = False
