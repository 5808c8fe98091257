"""Schedules of Celery that code declares: ``beat_schedule`` and ``add_periodic_task()``."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from typing import Any, Final

from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.module import keywords, literal
from pgjobs.porting.rules import Rule, by_cron, every
from pgjobs.porting.scheduled_calls import (
    UNSEEN,
    Arguments,
    ScheduledCall,
    arguments_of,
    arguments_of_call,
    rule_above,
)
from pgjobs.porting.system import Reader

_TASK: Final = "the task"
_CRONTAB: Final = "celery.schedules.crontab"
_SPANS: Final = ("celery.schedules.schedule", "celery.schedules.maybe_schedule")
_FIELDS: Final = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
_UNITS: Final = {
    "weeks": 604800.0, "days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0,
    "milliseconds": 0.001, "microseconds": 0.000001,
}  # fmt: skip
_POSITIONAL: Final = (
    "days",
    "seconds",
    "microseconds",
    "milliseconds",
    "minutes",
    "hours",
    "weeks",
)


def read_schedules(reader: Reader, schedule: ast.expr) -> Iterator[Finding]:
    """Yield a finding for each entry of a ``beat_schedule``."""
    if isinstance(schedule, ast.Dict):
        for name, entry in zip(schedule.keys, schedule.values, strict=True):
            yield from read_entry(reader, name if name is not None else entry, entry)
    else:
        yield reader.finding(
            schedule,
            "@pgjobs.system_job(…) for each entry",
            why="The entries can't be seen here.",
            level=Level.LOOK,
        )


def read_entry(reader: Reader, name: ast.expr, entry: ast.expr) -> Iterator[Finding]:
    """Yield the finding of one entry, ``name``, of a ``beat_schedule``."""
    fields = _fields(entry)
    if fields is not None:
        yield _entry(reader, name, entry, fields)
        return
    yield reader.finding(
        name,
        "@pgjobs.system_job(…) for it",
        why="What stands here can't be seen.",
        level=Level.LOOK,
    )


def read_periodic_task(reader: Reader, call: ast.Call) -> Finding:
    """Return the finding for a call of ``add_periodic_task()``."""
    named = keywords(call)
    schedule = call.args[0] if call.args else named.get("schedule")
    signature = call.args[1] if len(call.args) > 1 else named.get("sig")
    _take(reader, call)
    return rule_above(reader, call, rule_of(reader, schedule), _called(reader, signature))


def _called(reader: Reader, signature: ast.expr | None) -> ScheduledCall:
    """Return the call that a signature stands for."""
    text = reader.module.text
    match signature:
        case None:
            return ScheduledCall(_TASK, None, Arguments((UNSEEN,)))
        case ast.Call(func=ast.Attribute(value=task, attr="s" | "si")):
            arguments = arguments_of_call(reader.module, signature.args, signature)
            found = reader.project.find(reader.module.dotted(task))
            return ScheduledCall(text(task), found, arguments)
    return ScheduledCall(text(signature), None, Arguments((UNSEEN,)))


def _fields(entry: ast.expr) -> dict[Any, ast.expr] | None:
    """Return the fields of an entry, which is ``{…}`` or ``dict(…)``; None for another value."""
    match entry:
        case ast.Dict():
            return {literal(key): each for key, each in zip(entry.keys, entry.values, strict=True)}
        case ast.Call(func=ast.Name(id="dict"), args=[]):
            return dict(keywords(entry))
    return None


def _entry(
    reader: Reader, name: ast.expr, entry: ast.expr, fields: dict[object, ast.expr]
) -> Finding:
    target = literal(fields.get("task"))
    called = str(target) if isinstance(target, str) else _TASK
    arguments = arguments_of(reader.module, fields.get("args"), fields.get("kwargs"))
    _take(reader, entry)
    queue = _queue(fields.get("options"))
    return rule_above(
        reader,
        name,
        rule_of(reader, fields.get("schedule")),
        ScheduledCall(called, reader.project.find((called,)), arguments),
        options=[f"queue_name={json.dumps(queue)}"] if queue else [],
        old=f"{reader.module.text(name)}: …",
    )


def _take(reader: Reader, node: ast.AST) -> None:
    """Let names inside, such as ``crontab``, have no findings of their own."""
    reader.done.update(ast.walk(node))


def _queue(options: ast.expr | None) -> str:
    given = literal(options)
    return str(given.get("queue", "")) if isinstance(given, dict) else ""


# Rules ----------------------------------------------------------------------------------------


def rule_of(reader: Reader, node: ast.expr | None) -> Rule:
    """Return the rule of the value of ``"schedule"``, as far as it can be seen."""
    if isinstance(seconds := literal(node), int | float):
        return every(seconds)
    if not isinstance(node, ast.Call):
        return Rule()
    names = reader.module.dotted(node.func)
    if _CRONTAB in names:
        return _crontab(node)
    if any(name.endswith("timedelta") for name in names):
        return _span(node)
    if any(name in _SPANS for name in names):
        return rule_of(reader, node.args[0] if node.args else keywords(node).get("run_every"))
    return Rule(notes=("pgjobs has no such schedule.",) if names else ())


def _crontab(call: ast.Call) -> Rule:
    given = dict(zip(_FIELDS, call.args, strict=False)) | keywords(call)
    fields = {name: _field(given[name]) if name in given else "*" for name in _FIELDS}
    if None in fields.values() or not given.keys() <= {*_FIELDS, "nowfun", "app"}:
        return Rule()
    texts = {name: str(field) for name, field in fields.items()}
    return by_cron(
        texts["minute"],
        texts["hour"],
        texts["day_of_month"],
        texts["month_of_year"],
        texts["day_of_week"],
    )


def _field(node: ast.expr) -> str | None:
    match literal(node):
        case bool() | None:
            return None
        case int() | str() as value:
            return str(value)
        case list() | tuple() as values:
            return ",".join(map(str, values))
        case set() as values:
            return ",".join(map(str, sorted(values)))
    return None


def _span(call: ast.Call) -> Rule:
    given = dict(zip(_POSITIONAL, call.args, strict=False)) | keywords(call)
    values = {name: literal(value) for name, value in given.items()}
    seconds = 0.0
    for name, value in values.items():
        if name not in _UNITS or not isinstance(value, int | float):
            return Rule()
        seconds += value * _UNITS[name]
    return every(round(seconds, 6))
