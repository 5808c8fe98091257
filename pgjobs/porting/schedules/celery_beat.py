"""The tables of django-celery-beat."""

from __future__ import annotations

import json
from typing import Any, Final

from django.apps import apps
from django.conf import settings

from pgjobs.porting.rules import Rule, by_cron, every
from pgjobs.porting.schedules.kept import Kept, unreadable

_MODEL: Final = ("django_celery_beat", "PeriodicTask")
_SECONDS: Final = {
    "days": 86400.0,
    "hours": 3600.0,
    "minutes": 60.0,
    "seconds": 1.0,
    "microseconds": 0.000001,
}
_OF_CELERY: Final = "celery."
"""Begins the names of Celery's own tasks, such as the one that deletes old results."""


def read() -> list[Kept]:
    """Return the periodic tasks, in the order of their keys."""
    rows = apps.get_model(*_MODEL)._default_manager.order_by("pk")
    rows = rows.select_related("interval", "crontab", "solar", "clocked")
    return [_kept(row) for row in rows if not row.task.startswith(_OF_CELERY)]


def _kept(row: Any) -> Kept:
    rule = _rule(row)
    notes = [*rule.notes]
    args, kwargs = _json(row.args, list, notes), _json(row.kwargs, dict, notes)
    return Kept(
        source="django-celery-beat",
        name=row.name,
        target=row.task,
        cron=rule.cron,
        interval=rule.interval,
        once_at=row.clocked.clocked_time if row.clocked is not None else None,
        args=args or [],
        kwargs=kwargs or {},
        is_readable=args is not None and kwargs is not None,
        queue=row.queue or "",
        priority=row.priority,
        is_enabled=row.enabled,
        notes=[*notes, *_notes(row)],
    )


def _rule(row: Any) -> Rule:
    if row.interval is not None:
        return every(row.interval.every * _SECONDS[row.interval.period])
    if row.crontab is not None:
        tab = row.crontab
        rule = by_cron(tab.minute, tab.hour, tab.day_of_month, tab.month_of_year, tab.day_of_week)
        return Rule(rule.cron, rule.interval, (*rule.notes, *_of_zone(str(tab.timezone))))
    if row.solar is not None:
        return Rule(notes=(f"pgjobs has no rule by the sun: {row.solar}.",))
    return Rule()


def _of_zone(zone: str) -> list[str]:
    if zone == settings.TIME_ZONE:
        return []
    return [f"Its time zone was {zone}, and cron goes by TIME_ZONE: {settings.TIME_ZONE}."]


def _json(text: str, kind: type, notes: list[str]) -> Any:
    """Return the arguments, or None, with a note, if ``text`` holds no ``kind``."""
    try:
        value = json.loads(text, parse_constant=_refuse) if text else kind()
    except (ValueError, RecursionError):
        value = None
    if type(value) is kind:
        return value
    notes.append(unreadable(text))
    return None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no value that code can write.")


def _notes(row: Any) -> list[str]:
    notes = []
    if row.one_off and row.clocked is None:
        notes.append("It was to run only once.")
    if row.start_time is not None:
        notes.append(f"It was to begin at {row.start_time.isoformat()}.")
    if row.expires is not None:
        notes.append(f"It was to end at {row.expires.isoformat()}.")
    if row.expire_seconds is not None:
        notes.append(f"A run expired after {row.expire_seconds} s.")
    if row.priority is not None:
        notes.append("With Redis, a smaller priority came sooner; here a larger one does.")
    if row.exchange or row.routing_key:
        notes.append("It had a routing of its own.")
    if (row.headers or "{}") != "{}":
        notes.append(f"It had headers: {row.headers}")
    return notes
