"""Schedules of rq-scheduler that code declares: ``cron()`` and ``schedule(interval=…)``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pgjobs.porting.finding import Finding
from pgjobs.porting.module import keywords, literal
from pgjobs.porting.rules import Rule, by_expression, every
from pgjobs.porting.scheduled_calls import ScheduledCall, arguments_of, rule_above
from pgjobs.porting.system import Reader

SCHEDULERS: Final = ("rq_scheduler.Scheduler", "django_rq.get_scheduler")
_POSITIONAL: Final = ("", "func", "args", "kwargs")


def is_scheduler(reader: Reader, node: ast.expr) -> bool:
    """Return whether a value is a scheduler."""
    names = reader.module.dotted(node)
    return any(reader.project.is_made_by(names, each) for each in SCHEDULERS)


def read_schedule(reader: Reader, node: ast.Call, called: str) -> Iterator[Finding]:
    """Yield the finding of a call of ``called``, if it declares a rule by cron or by seconds."""
    given = dict(zip(_POSITIONAL, node.args, strict=False)) | keywords(node)
    if called == "cron":
        text = literal(given.get("", given.get("cron_string")))
        rule = by_expression(text) if isinstance(text, str) else Rule()
    elif called == "schedule" and "interval" in given:
        seconds = literal(given["interval"])
        rule = every(seconds) if isinstance(seconds, int | float) else Rule()
    else:
        return
    # The function is RQ's: @pgjobs.compat.rq.job marks it, and @pgjobs.job can't as well.
    yield rule_above(
        reader, node, rule, _call(reader, given), notes=_notes(rule, given), is_markable=False
    )


def _call(reader: Reader, given: dict[str, ast.expr]) -> ScheduledCall:
    function = given.get("func")
    name = reader.module.text(function) if function is not None else "the function"
    arguments = arguments_of(reader.module, given.get("args"), given.get("kwargs"))
    return ScheduledCall(name, None, arguments)


def _notes(rule: Rule, given: dict[str, ast.expr]) -> Iterator[str]:
    if rule.cron and literal(given.get("use_local_timezone")) is not True:
        yield "It went by UTC, and cron goes by TIME_ZONE."
    if "repeat" in given and literal(given["repeat"]) is not None:
        yield "pgjobs does not count the runs."
