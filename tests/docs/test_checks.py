"""The system checks: the code, the documentation and the tests know the same ids."""

from __future__ import annotations

import re

from tests.support.environment import ROOT

ID = r"pgjobs\.[EW]\d{3}"


def ids_in(folder: str, pattern: str) -> list[str]:
    return [
        found
        for path in sorted((ROOT / folder).rglob(pattern))
        for found in re.findall(ID, path.read_text())
    ]


def test_every_check_stands_once_in_the_table_of_checks_in_the_order_of_the_ids() -> None:
    settings = (ROOT / "docs" / "settings.md").read_text()
    table = re.findall(rf"^\| `({ID})` \|", settings, re.MULTILINE)

    assert table == sorted(set(ids_in("pgjobs/checks", "*.py")), key=lambda name: name[-3:])


def test_every_id_that_code_and_docs_name_belongs_to_a_check_that_a_test_provokes() -> None:
    checks = set(ids_in("pgjobs/checks", "*.py"))

    assert set(ids_in("docs", "*.md")) | set(ids_in("pgjobs", "*.py")) == checks
    assert checks <= set(ids_in("tests", "test_*checks.py"))
