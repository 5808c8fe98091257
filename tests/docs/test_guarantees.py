"""Each promise of docs/guarantees.md names tests, and the named tests exist."""

from __future__ import annotations

import re

from tests.support.environment import ROOT
from tests.support.markdown import DOCS

NAMED = re.compile(r"`(test_\w+)`")


def test_every_test_that_the_page_names_exists() -> None:
    named = set(NAMED.findall((DOCS / "guarantees.md").read_text()))
    files = (ROOT / "tests").rglob("test_*.py")
    defined = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text())}

    assert named
    assert named <= defined


def test_every_promise_names_a_test() -> None:
    text = (DOCS / "guarantees.md").read_text()
    promises = text.partition("## Promises")[2].partition("\n## ")[0]
    rows = [line for line in promises.splitlines() if line.startswith("| ")][2:]

    assert rows
    assert [row for row in rows if not NAMED.search(row)] == []
