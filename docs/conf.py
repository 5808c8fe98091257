"""Builds the pages as HTML: `make docs`.

The pages are plain Markdown that reads well without Sphinx. What Sphinx wants besides is derived
here: the menu from the tables of `index.md`, and plain text for links that lead out of this folder.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from pygments.lexers.special import TextLexer
from pygments.lexers.sql import PostgresLexer

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "example_project" / "apps")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings.everything")

import django  # noqa: E402

django.setup()

project = "pgjobs"
copyright = "pgjobs contributors"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["conf.py", "screenshots.py"]

html_theme = "furo"
html_title = "pgjobs"

myst_heading_anchors = 4
myst_enable_extensions = ["attrs_inline"]

default_role = "code"
autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True}
# Signatures name types of Django and psycopg, whose documentation is elsewhere.
nitpicky = False

_GROUP = re.compile(r"^## (.+)$", re.MULTILINE)
_PAGE = re.compile(r"^\| \[[^]]+\]\(([\w/-]+)\.(?:md|rst)\)", re.MULTILINE)
_OUTSIDE = re.compile(r"(?<!!)\[([^]]+)\]\((?:\.\./)+([^)]+)\)")


def with_menu(text: str) -> str:
    """Return an index with a hidden table of contents for each of its groups of pages."""
    first, *groups = _GROUP.split(text)
    bodies = [("", first), *zip(groups[::2], groups[1::2], strict=True)]
    menus = [
        "\n".join(["```{toctree}", ":hidden:", *_caption(group), "", *pages, "```"])
        for group, body in bodies
        if (pages := _PAGE.findall(body))
    ]
    return "\n\n".join([text, *menus])


def _caption(group: str) -> list[str]:
    return [f":caption: {group}"] if group else []


def without_outside(text: str) -> str:
    """Return a page whose links to files of the repository are their names."""
    return _OUTSIDE.sub(r"\1 (`\2`)", text)


def prepare(_app: Any, name: str, source: list[str]) -> None:
    text = without_outside(source[0])
    source[0] = with_menu(text) if name.endswith("index") else text


def setup(app: Any) -> None:
    app.connect("source-read", prepare)
    app.add_lexer("mermaid", TextLexer)
    app.add_lexer("sql", PostgresLexer)
