"""`manage.py pgjobs port` puts the rule of a schedule above the function that it calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.porting.test_odd_files import write

Run = Callable[..., Any]

TASKS = (
    "from celery import shared_task\n"
    "@shared_task\ndef send(to, full=False): ...\n"
    "@shared_task(bind=True)\ndef tidy(self, depth): ...\n"
    "@shared_task\ndef rate(priority): ...\n"
)
NEW = "a new function that calls"


@pytest.fixture
def rules(tmp_path: Path, pgjobs: Run) -> Callable[[str], list[str]]:
    """Return a function from the entries of a ``beat_schedule`` to the advice about them."""
    write(tmp_path / "tasks.py", TASKS)

    def tell(entries: str) -> list[str]:
        write(tmp_path / "settings.py", f"CELERY_BEAT_SCHEDULE = {{{entries}}}\n")
        found = pgjobs("port", "--json", str(tmp_path)).json
        return [row["new"] for row in found if row["path"].endswith("settings.py")]

    return tell


Rules = Callable[[str], list[str]]


@pytest.mark.parametrize(
    ("entry", "advice"),
    {
        "'task': 'tasks.send', 'args': ('a', True)": (
            "@pgjobs.system_job(interval=1, to='a', full=True) above @pgjobs.job of tasks.send()"
        ),
        "'task': 'tasks.tidy', 'args': [3]": (
            "@pgjobs.system_job(interval=1, depth=3) above @pgjobs.job of tasks.tidy()"
        ),
        "'task': 'tasks.send', 'args': ['a'], 'kwargs': {'full': X}": (
            "@pgjobs.system_job(interval=1, to='a', full=X) above @pgjobs.job of tasks.send()"
        ),
        "'task': 'tasks.send', 'args': ARGS": (
            f"@pgjobs.system_job(interval=1) above @pgjobs.job of {NEW} tasks.send(*ARGS)"
        ),
        "'task': 'tasks.send', 'args': (1, 2, 3)": (
            f"@pgjobs.system_job(interval=1) above @pgjobs.job of {NEW} tasks.send(1, 2, 3)"
        ),
        "'task': 'tasks.rate', 'kwargs': {'priority': 'high'}": (
            f"@pgjobs.system_job(interval=1) above @pgjobs.job of {NEW} tasks.rate(priority='high')"
        ),
        "'task': 'elsewhere.f', 'args': (1,)": (
            f"@pgjobs.system_job(interval=1) above @pgjobs.job of {NEW} elsewhere.f(1)"
        ),
    }.items(),
)
def test_arguments_of_a_schedule_are_given_by_name_if_the_clock_can_take_them(
    entry: str, advice: str, rules: Rules
) -> None:
    assert rules(f"'a': {{'schedule': 60, {entry}}}") == [advice]


def test_a_second_schedule_of_a_function_needs_a_function_of_its_own(rules: Rules) -> None:
    found = rules(
        "'a': {'schedule': 60, 'task': 'tasks.send', 'args': ['a']}, "
        "'b': {'schedule': 120, 'task': 'tasks.send', 'args': ['b']}"
    )

    assert found == [
        "@pgjobs.system_job(interval=1, to='a') above @pgjobs.job of tasks.send()",
        f"@pgjobs.system_job(interval=2) above @pgjobs.job of {NEW} tasks.send('b')",
    ]


def test_arguments_of_django_q2_are_kept(tmp_path: Path, pgjobs: Run) -> None:
    text = (
        "from django_q.tasks import schedule\n"
        "from django_q.models import Schedule\n"
        "def f(to, full=False): ...\n"
        "schedule('shop.f', 7, full=True, name='x', schedule_type='H')\n"
        "Schedule.objects.create(func='shop.f', args='7', schedule_type='H')\n"
    )
    rows = pgjobs("port", "--json", write(tmp_path / "shop.py", text)).json
    found = [row["new"] for row in rows if row["line"] > 3]

    assert found == [
        "@pgjobs.system_job(interval=60, to=7, full=True) above @pgjobs.job of f()",
        f"@pgjobs.system_job(interval=60) above @pgjobs.job of {NEW} f(…)",
    ]
