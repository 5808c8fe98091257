"""Spans of time in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

from django.utils.translation import gettext as _

from pgjobs.pages import numbers


def shown(value: timedelta | float | None) -> str:
    """Return a span in at most two units: ``4 min 20 s``; a dash for None."""
    return " ".join(_parts(value))


def concise(value: timedelta | float | None) -> str:
    """Return a span as `shown`, without a second unit that is zero: ``5 min``."""
    first, *rest = _parts(value)
    return " ".join([first, *(each for each in rest if not each.startswith("0"))])


def rough(seconds: float) -> str:
    """Return a span in one unit, for people who read how long ago something was: ``3 min``."""
    for length, words in ((86400, _("%s d")), (3600, _("%s h")), (60, _("%s min"))):
        if seconds >= length:
            return words % int(seconds // length)
    return _("%s s") % int(seconds)


def brief(value: timedelta | float | None) -> str:
    """Return a span in whole seconds and at most two units: ``45 s``, ``3 h 2 min``."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds is None or math.isinf(seconds) or seconds >= 60:
        return shown(seconds)
    return _("%s s") % max(0, int(seconds))


def _parts(value: timedelta | float | None) -> Sequence[str]:
    """Return the span by its units, the larger one first."""
    if value is None:
        return ["-"]
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if math.isinf(seconds):
        return ["∞"]
    if seconds < 0:
        first, *rest = _parts(-seconds)
        return [f"-{first}", *rest]
    if seconds < 1:
        return [_("%s ms") % numbers.decimal(seconds * 1000, 0)]
    if seconds < 60:
        return [_("%s s") % numbers.decimal(seconds)]
    minutes, rest_of_minute = divmod(int(seconds), 60)
    if minutes < 60:
        return [_("%s min") % minutes, _("%s s") % rest_of_minute]
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return [_("%s h") % hours, _("%s min") % minutes]
    days, hours = divmod(hours, 24)
    return [_("%s d") % days, _("%s h") % hours]
