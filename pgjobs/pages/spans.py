"""Spans of time in words."""

from __future__ import annotations

import math
from datetime import timedelta


def shown(value: timedelta | float | None) -> str:
    """Return a span in at most two units: ``4 min 20 s``; a dash for None."""
    if value is None:
        return "-"
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if math.isinf(seconds):
        return "∞"
    if seconds < 0:
        return f"-{shown(-seconds)}"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def rough(seconds: float) -> str:
    """Return a span in one unit, for people who read how long ago something was: ``3 min``."""
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def brief(value: timedelta | float | None) -> str:
    """Return a span in whole seconds and at most two units: ``45 s``, ``3 h 2 min``."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds is None or math.isinf(seconds) or seconds >= 60:
        return shown(seconds)
    return f"{max(0, int(seconds))} s"
