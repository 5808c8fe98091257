"""The system checks: the code, the documentation and the tests know the same ids."""

from __future__ import annotations

import re

from tests.databases.test_every_setting import SETTINGS
from tests.support.environment import ROOT

ID = r"pgjobs\.[EW]\d{3}"


def ids_in(folder: str, pattern: str) -> list[str]:
    return [
        found
        for path in sorted((ROOT / folder).rglob(pattern))
        for found in re.findall(ID, path.read_text())
    ]


def checks() -> list[str]:
    return [*ids_in("pgjobs/checks", "*.py"), *ids_in("pgjobs/tasks", "checks.py")]


def test_every_check_stands_once_in_the_table_of_checks_in_the_order_of_the_ids() -> None:
    settings = (ROOT / "docs" / "settings.md").read_text()
    table = re.findall(rf"^\| `({ID})` \|", settings, re.MULTILINE)

    assert table == sorted(set(checks()), key=lambda name: name[-3:])


def test_every_id_that_code_and_docs_name_belongs_to_a_check_that_a_test_provokes() -> None:
    known = set(checks())

    assert set(ids_in("docs", "*.md")) | set(ids_in("pgjobs", "*.py")) == known
    assert known <= set(ids_in("tests", "test_*checks.py"))


def test_the_page_of_databases_names_the_checks_of_databases_and_no_other() -> None:
    page = (ROOT / "docs" / "databases.md").read_text()
    modules = ("databases.py", "connections.py")
    checks = [found for module in modules for found in ids_in("pgjobs/checks", module)]

    assert set(re.findall(ID, page)) == set(checks)


def test_the_page_of_databases_names_each_setting_that_is_tried() -> None:
    page = (ROOT / "docs" / "databases.md").read_text()
    tried = {
        name
        for variant in SETTINGS.values()
        for kind in ("database", "options", "settings")
        for name in variant.get(kind, {})
    }

    assert [name for name in sorted(tried) if name not in page] == []
