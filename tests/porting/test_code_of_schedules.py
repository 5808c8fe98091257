"""The code of kept schedules: each function has a name that nothing else in the module has."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from typing import Any

import pytest

from pgjobs.porting.schedules.code import as_code
from pgjobs.porting.schedules.kept import Kept


def test_a_schedule_that_is_called_like_a_package_hides_none() -> None:
    names = ("shop", "pgjobs", "pgjobs!", "Class", "7", "…")
    kept = [
        Kept(source="celery", name=each, target="shop.tasks.tidy", interval=5) for each in names
    ]

    defined = [line for line in as_code(kept).splitlines() if line.startswith("def ")]

    assert defined == [
        "def shop_2():",
        "def pgjobs_2():",
        "def pgjobs_3():",
        "def run_class():",
        "def run_7():",
        "def shop_tasks_tidy():",
    ]


MOMENT = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("rule", [{"interval": 5}, {"once_at": MOMENT}, {}])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\f\n"])
def test_a_newline_in_a_target_begins_no_code(rule: dict[str, Any], end: str) -> None:
    kept = Kept(source="x", name="n", target=f"a.b{end}import os", notes=["\x1b[2J"], **rule)

    code = as_code([kept])

    assert [type(each).__name__ for each in ast.parse(code).body] == ["Import"]  # that of pgjobs
    assert all(line.isprintable() for line in code.split("\n"))


@pytest.mark.parametrize("name", ["½ hour", "m²", "№ 5", "¹", "ﬁ"])
def test_a_name_with_any_character_gives_code_that_python_reads(name: str) -> None:
    kept = [Kept(source="x", name=each, target="a.b", interval=5) for each in (name, "fi")]

    names = [each.name for each in ast.parse(as_code(kept)).body if hasattr(each, "name")]

    assert len(set(names)) == 2


def test_arguments_without_a_literal_are_left_in_a_comment() -> None:
    kept = Kept(source="x", name="n", target="a.b", interval=5, kwargs={"a": [float("inf")]})

    code = as_code([kept])

    assert "# Python has no literal for one of the arguments.\n" in code
    assert "#     a.b(a=[inf])" in code
