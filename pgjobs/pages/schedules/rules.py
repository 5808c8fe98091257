"""The rule of a schedule in words, and the moments at which it is due next."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext, ngettext

from pgjobs.jobs.cron import is_cron
from pgjobs.jobs.due_times import due_after
from pgjobs.limits import NEVER
from pgjobs.models import Schedule

_DAY: Final = 24 * 60
_NUMBER: Final = re.compile(r"\d{1,2}")
_STEP: Final = re.compile(r"\*/(\d{1,2})")


def in_words(schedule: Schedule) -> str:
    """Return the rule of ``schedule`` as a person would say it; a rare expression as it is."""
    if schedule.interval is not None:
        return every(schedule.interval)
    return _of_cron(schedule.cron) or f"cron {schedule.cron}"


def exactly(schedule: Schedule) -> str:
    """Return the rule of ``schedule`` without loss: a cron expression as it is written."""
    return f"cron {schedule.cron}" if schedule.interval is None else every(schedule.interval)


def upcoming(schedule: Schedule, number: int) -> list[datetime]:
    """Return the next due times, the first of which may have passed; none if it never runs."""
    if schedule.switched_off or not schedule.enabled or schedule.next_run >= NEVER:
        return []
    moments = [schedule.next_run]
    if schedule.interval is None and not is_cron(schedule.cron):
        return moments
    while len(moments) < number:
        try:
            moments.append(due_after(schedule, moments[-1], moments[-1]))
        except OverflowError:  # SQL by hand can write an interval of a thousand years
            break
    return moments


def gap(schedule: Schedule) -> timedelta:
    """Return about how much time lies between two runs."""
    if schedule.interval is not None:
        return timedelta(minutes=schedule.interval)
    if not is_cron(schedule.cron):
        return timedelta(days=1)
    now = timezone.now()
    first = due_after(schedule, now, now)
    return due_after(schedule, first, first) - first


def every(minutes: int) -> str:
    """Return an interval as a person would say it: ``every 2 hours``."""
    if minutes % _DAY == 0:
        days = minutes // _DAY
        return ngettext("every day", "every %(days)s days", days) % {"days": days}
    if minutes % 60 == 0:
        hours = minutes // 60
        return ngettext("every hour", "every %(hours)s hours", hours) % {"hours": hours}
    return ngettext("every minute", "every %(minutes)s minutes", minutes) % {"minutes": minutes}


def _of_cron(expression: str) -> str | None:
    fields = expression.split()
    if len(fields) != 5:
        return None
    minute, hour, day, month, weekday = fields
    if (day, month, weekday) == ("*", "*", "*") and (said := _within_a_day(minute, hour)):
        return said
    if not (_NUMBER.fullmatch(minute) and _NUMBER.fullmatch(hour)) or month != "*":
        return None
    at = f"{int(hour):02}:{int(minute):02}"
    if (day, weekday) == ("*", "*"):
        return gettext("every day at %s") % at
    if day == "*" and _NUMBER.fullmatch(weekday) and int(weekday) < 8:
        name = WEEKDAYS[(int(weekday) - 1) % 7]  # Django's week begins with Monday
        return gettext("every %(weekday)s at %(time)s") % {"weekday": name, "time": at}
    if weekday == "*" and _NUMBER.fullmatch(day):
        return gettext("on day %(day)s of each month at %(time)s") % {"day": int(day), "time": at}
    return None


def _within_a_day(minute: str, hour: str) -> str | None:
    if hour != "*":
        return None
    if minute == "*":
        return every(1)
    if step := _STEP.fullmatch(minute):
        return gettext("every %d minutes, by the clock") % int(step[1])
    if _NUMBER.fullmatch(minute):
        return gettext("every hour at minute %d") % int(minute)
    return None
