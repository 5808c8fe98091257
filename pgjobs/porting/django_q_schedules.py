"""Schedules of django-q2 that code declares: ``schedule()`` and rows that it creates."""

from __future__ import annotations

import ast
from typing import Final

from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.module import literal
from pgjobs.porting.project import Definition
from pgjobs.porting.rules import DAY, Rule, by_expression, every
from pgjobs.porting.scheduled_calls import (
    UNSEEN,
    Arguments,
    ScheduledCall,
    arguments_of_call,
    rule_above,
)
from pgjobs.porting.system import Reader

SCHEDULE: Final = "django_q.tasks.schedule"
HOOK: Final = (
    "Do the work of the hook at the end of the function, or in a receiver of pgjobs.job_end."
)
_OF_SCHEDULE: Final = frozenset(
    "func name hook schedule_type minutes repeats next_run cron cluster q_options "
    "intended_date_kwarg".split()
)
"""The options of ``schedule()``: all other names are arguments of the function."""
_INTERVALS: Final = {"I": 1, "H": 60, "D": DAY, "W": 7 * DAY, "BW": 14 * DAY}
_TYPES: Final = {
    "ONCE": "O", "MINUTES": "I", "HOURLY": "H", "DAILY": "D", "WEEKLY": "W", "BIWEEKLY": "BW",
    "MONTHLY": "M", "BIMONTHLY": "BM", "QUARTERLY": "Q", "YEARLY": "Y", "CRON": "C",
}  # fmt: skip


def read_schedule(
    reader: Reader,
    node: ast.Call,
    given: dict[str, ast.expr],
    written: str,
    definition: Definition | None,
) -> Finding:
    """Return the finding of a schedule with the options ``given``, of the function ``written``."""
    kind, notes = _kind(given.get("schedule_type")), _notes(given)
    if kind == "O":
        when = reader.module.text(given["next_run"]) if "next_run" in given else UNSEEN
        level = Level.LOOK if notes else Level.CHANGE
        new = f"{written}.enqueue(schedule_at={when})"
        return reader.finding(node, new, why=" ".join(notes), level=level)
    call = ScheduledCall(written, definition, _arguments(reader, node, given))
    return rule_above(reader, node, _rule(kind, given), call, notes=notes)


def _notes(given: dict[str, ast.expr]) -> list[str]:
    notes = []
    if "repeats" in given and literal(given["repeats"]) != -1:
        notes.append("pgjobs does not count the runs.")
    if "hook" in given:
        notes.append(HOOK)
    return notes


def _arguments(reader: Reader, node: ast.Call, given: dict[str, ast.expr]) -> Arguments:
    """Return the arguments of the function that a schedule calls; a row has them as text."""
    if SCHEDULE in reader.module.dotted(node.func):
        return arguments_of_call(reader.module, node.args[1:], node, without=_OF_SCHEDULE)
    return Arguments((UNSEEN,) if {"args", "kwargs"} & given.keys() else ())


def _kind(node: ast.expr | None) -> str:
    if node is None:
        return "O"
    if isinstance(node, ast.Attribute):
        return _TYPES.get(node.attr, "")
    return str(literal(node) or "")


def _rule(kind: str, given: dict[str, ast.expr]) -> Rule:
    if kind == "C" and isinstance(cron := literal(given.get("cron")), str):
        return by_expression(cron)
    if kind == "I":
        minutes = literal(given.get("minutes")) if "minutes" in given else 1
        return every(minutes * 60) if type(minutes) is int else Rule()
    if kind in _INTERVALS:
        note = "Write cron= if it must run at a time of day." if kind in ("D", "W", "BW") else ""
        return Rule(interval=_INTERVALS[kind], notes=(note,) if note else ())
    if kind in ("M", "BM", "Q", "Y"):
        return Rule(notes=('Write cron=, such as cron="0 3 1 * *", from its next_run.',))
    return Rule()
