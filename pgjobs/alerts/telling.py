"""Telling of each change once, by whichever process looks.

A look compares the conditions with the table of alerts, in one transaction. Then the looker takes
one after the other the changes that were not told yet, each for two minutes, and marks it as told
after its notifier has returned. If the looker dies or hangs in between, another process tells after
these two minutes. It tells the present state, even if it is the one that was told before: nobody
knows whether the message of the looker arrives.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from django.db import connections, router, transaction
from django.utils.module_loading import import_string

from pgjobs import events
from pgjobs.alerts.alert import Alert
from pgjobs.alerts.conditions import find
from pgjobs.conf import get_settings
from pgjobs.doctor import be_impatient
from pgjobs.models import AlertState, Job
from pgjobs.sql import load
from pgjobs.thresholds import Thresholds

_PATIENCE: Final = 120.0
"""Seconds that a notifier may take before another process tells."""


def look_and_tell(*, unless_just_done: bool = False) -> None:
    """Look at the conditions, and tell of each change since the last look.

    With ``unless_just_done``, do nothing if any process has looked within the last 50 seconds or is
    looking now. Does nothing if alerts are off.
    """
    if (given := get_settings().ALERTS) is None:
        return
    thresholds = Thresholds(**given)
    using = router.db_for_write(Job)
    if _has_looked(thresholds, using, unless_just_done=unless_just_done):
        _tell_changes(thresholds, using)


def raised() -> list[Alert]:
    """Return the alerts that were raised at the last look, the oldest first."""
    using = router.db_for_write(Job)
    states = AlertState.objects.using(using).filter(active=True).order_by("since", "id")
    return [_alert(state) for state in states]


def _has_looked(thresholds: Thresholds, using: str, *, unless_just_done: bool) -> bool:
    """Write to the table which conditions hold; return False if another process has just done it.

    The row of the turn is locked meanwhile, so one process at a time compares and writes.
    """
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        be_impatient(using)
        cursor.execute(load("alerts/make_turn"))
        cursor.execute(load("alerts/take_turn_if_due" if unless_just_done else "alerts/take_turn"))
        if cursor.fetchone() is None:
            return False
        found = find(thresholds, using)
        names = {
            "kinds": [each.kind for each in found],
            "subjects": [each.subject for each in found],
        }
        cursor.execute(load("alerts/end"), names)
        cursor.execute(
            load("alerts/raise"), {**names, "messages": [each.message for each in found]}
        )
    return True


def _tell_changes(thresholds: Thresholds, using: str) -> None:
    """Tell of each change, each statement with a cursor of its own.

    A notifier may close Django's connections, as ``close_old_connections()`` does.
    """
    taken: list[int] = []
    while (state := _take_untold(using, taken)) is not None:
        taken.append(state.id)
        if _tell(_alert(state), thresholds.notifier):
            with connections[using].cursor() as cursor:
                cursor.execute(load("alerts/told"), _told(state))
    with connections[using].cursor() as cursor:
        cursor.execute(load("alerts/forget"))


def _take_untold(using: str, taken: list[int]) -> AlertState | None:
    """Take a change that was not told yet; None if all are ``taken``."""
    with connections[using].cursor() as cursor:
        cursor.execute(load("alerts/take_untold"), {"taken": taken, "seconds": _PATIENCE})
        row = cursor.fetchone()
        return None if row is None else AlertState(**_columns(cursor, row))


def _told(state: AlertState) -> dict[str, Any]:
    return {name: getattr(state, name) for name in ("kind", "subject", "message", "active")}


def _columns(cursor: Any, row: tuple[Any, ...]) -> dict[str, Any]:
    names = [column.name for column in cursor.description]
    return dict(zip(names, row, strict=True))


def _tell(alert: Alert, notifier: str) -> bool:
    """Call ``notifier``, and write the log line; return False if the notifier raised."""
    if notifier:
        try:
            import_string(notifier)(alert)
        except Exception as error:
            events.tell(events.AlertNotTold(alert, error))
            return False
    events.tell(events.AlertRaised(alert) if alert.is_raised else events.AlertCleared(alert))
    return True


def _alert(state: AlertState) -> Alert:
    alert = Alert(kind=state.kind, subject=state.subject, message=state.message)
    return replace(alert, is_raised=state.active, since=state.since)
