"""The table of django-q2."""

from __future__ import annotations

import ast
from typing import Any, Final

from django.apps import apps
from django.utils import timezone

from pgjobs.porting.rules import DAY, Rule, by_expression, every
from pgjobs.porting.schedules.kept import Kept, unreadable

_MODEL: Final = ("django_q", "Schedule")
_UNREADABLE: Final = (ValueError, SyntaxError, TypeError, RecursionError, MemoryError)
_MONTHS: Final = {"M": 1, "BM": 2, "Q": 3, "Y": 12}


def read() -> list[Kept]:
    """Return the schedules that have runs left, in the order of their keys."""
    rows = apps.get_model(*_MODEL)._default_manager.exclude(repeats=0).order_by("pk")
    return [_kept(row) for row in rows]


def _kept(row: Any) -> Kept:
    notes: list[str] = []
    args, kwargs = _args(row.args or "", notes), _kwargs(row.kwargs or "", notes)
    options = kwargs.pop("q_options", None) or {} if kwargs is not None else {}
    rule = _rule(row)
    return Kept(
        source="django-q2",
        name=row.name or row.func.rpartition(".")[2],
        target=row.func,
        cron=rule.cron,
        interval=rule.interval,
        once_at=row.next_run if row.schedule_type == "O" else None,
        args=args or [],
        kwargs=kwargs or {},
        is_readable=args is not None and kwargs is not None,
        queue=row.cluster or "",
        notes=[*notes, *rule.notes, *_notes(row, options)],
    )


# Rules ----------------------------------------------------------------------------------------


def _rule(row: Any) -> Rule:
    match row.schedule_type:
        case "O":
            return Rule()
        case "C":
            return by_expression(row.cron or "")
        case "I":
            return every((row.minutes or 1) * 60)
        case "H":
            return Rule(interval=60)
        case "BW":
            note = "Its time of day moves by an hour when the clocks change."
            return Rule(interval=14 * DAY, notes=(note,))
    if row.next_run is None:
        return Rule(notes=("It has no next run, from which to take its time of day.",))
    return _by_next_run(row)


def _by_next_run(row: Any) -> Rule:
    """Return the rule of a schedule that keeps its time of day, in the project's time zone."""
    at = timezone.localtime(row.next_run)
    if row.schedule_type == "D":
        return Rule(cron=f"{at.minute} {at.hour} * * *")
    if row.schedule_type == "W":
        return Rule(cron=f"{at.minute} {at.hour} * * {at.isoweekday() % 7}")
    if row.schedule_type not in _MONTHS:
        return Rule(notes=(f"Its type {row.schedule_type} is unknown.",))
    step = _MONTHS[row.schedule_type]
    months = ",".join(str(each) for each in range((at.month - 1) % step + 1, 13, step))
    notes = () if at.day <= 28 else (f"Months without a day {at.day} are left out.",)
    month = "*" if step == 1 else months
    return Rule(cron=f"{at.minute} {at.hour} {at.day} {month} *", notes=notes)


# Arguments ------------------------------------------------------------------------------------


def _args(text: str, notes: list[str]) -> list[Any] | None:
    if not text:
        return []
    try:
        value = ast.literal_eval(text)
    except _UNREADABLE:
        notes.append(unreadable(text))
        return None
    return [*value] if isinstance(value, tuple) else [value]


def _kwargs(text: str, notes: list[str]) -> dict[str, Any] | None:
    """Return the arguments of both forms: ``{"a": 1}`` and ``a=1``."""
    if not text:
        return {}
    try:
        value = ast.literal_eval(text)
    except _UNREADABLE:
        value = _of_call(text)
    if isinstance(value, dict):
        return value
    notes.append(unreadable(text))
    return None


def _of_call(text: str) -> Any:
    try:
        call = ast.parse(f"f({text})", mode="eval").body
        if isinstance(call, ast.Call):
            given = {str(each.arg): each.value for each in call.keywords}
            is_whole = not call.args and all(each.arg for each in call.keywords)
            return (
                {name: ast.literal_eval(each) for name, each in given.items()} if is_whole else None
            )
    except _UNREADABLE:
        pass
    return None


def _notes(row: Any, options: dict[str, Any]) -> list[str]:
    notes = []
    if row.repeats > 0:
        notes.append(f"It had {row.repeats} runs left; pgjobs does not count them.")
    if row.hook:
        notes.append(f"Its hook was {row.hook}: call it at the end of the function.")
    if row.intended_date_kwarg:
        notes.append(f"It got its due time as {row.intended_date_kwarg}.")
    if options:
        notes.append(f"It had options: {options!r}")
    return notes
