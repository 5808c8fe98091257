"""Rules of recurrence of other systems, as rules of pgjobs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.cron import check_cron

DAY: Final = 24 * 60
"""Minutes."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When something recurs: by ``cron`` or each ``interval`` minutes, or by neither.

    ``notes`` say where pgjobs would differ.
    """

    cron: str = ""
    interval: int = 0
    notes: tuple[str, ...] = ()

    @property
    def arguments(self) -> str:
        """The arguments of ``system_job()``; empty if pgjobs can't follow the rule."""
        if self.cron:
            return f'cron="{self.cron}"'
        return f"interval={self.interval}" if self.interval else ""


_LONGEST: Final = 2**31 - 1
"""Minutes of an interval."""


def every(seconds: float) -> Rule:
    """Return the rule of a span; pgjobs counts whole minutes, from 1."""
    minutes = seconds / 60
    if not 0 < minutes <= _LONGEST:
        return Rule(notes=(f"It ran every {seconds:g} s, and pgjobs has no such interval.",))
    if minutes >= 1 and minutes == int(minutes):
        return Rule(interval=int(minutes))
    rounded = max(1, round(minutes))
    note = f"It ran every {seconds:g} s, and an interval is whole minutes."
    return Rule(interval=rounded, notes=(note,))


_NAMED: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def by_expression(expression: str) -> Rule:
    """Return the rule of five fields of cron, or one with a note that says what is wrong.

    A name such as ``@daily`` stands for its fields.
    """
    try:
        return Rule(cron=check_cron(_NAMED.get(expression.strip().lower(), expression)))
    except InvalidArgument as error:
        return Rule(notes=(str(error),))


def by_cron(minute: str, hour: str, day: str, month: str, weekday: str) -> Rule:
    """Return the rule of the fields of a Celery crontab."""
    fields = (minute, hour, day, month, weekday)
    # Celery takes "monday" for "mon".
    short = [re.sub(r"[A-Za-z]+", lambda word: word[0][:3].lower(), each) for each in fields]
    rule = by_expression(" ".join("".join(each.split()) for each in short))
    if not rule.cron:
        return rule
    notes = []
    if not day.startswith("*") and not weekday.startswith("*"):
        notes.append(
            "Celery wants both the day of the month and the day of the week to fit, cron one of "
            "them: let the function look at one."
        )
    return Rule(cron=rule.cron, notes=tuple(notes))
