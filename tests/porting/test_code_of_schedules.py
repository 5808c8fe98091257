"""The code of kept schedules: each function has a name that nothing else in the module has."""

from __future__ import annotations

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
