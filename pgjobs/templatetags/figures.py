"""Numbers and spans of time in the pages' templates."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

from pgjobs.pages import numbers, spans
from pgjobs.pages.schedules import rules

_NONE: Final = SafeString('<span class="pgj-zero">-</span>')


def number(value: int | None) -> str:
    """Show a whole number with separated thousands, such as ``12,345``; None as a dash."""
    return "-" if value is None else numbers.whole(value)


def count(value: int | None) -> SafeString | str:
    """Show a count; a zero in a weaker colour, because it needs no attention."""
    return (
        number(value) if value else format_html('<span class="pgj-zero">{}</span>', number(value))
    )


def rate(value: float | None) -> SafeString | str:
    """Show jobs per minute: ``0.4``, ``410``; a zero in a weaker colour."""
    if not value:
        return format_html('<span class="pgj-zero">{}</span>', "-" if value is None else "0")
    if value < 0.05:
        return f"<{numbers.decimal(0.1)}"
    return numbers.decimal(value, 0 if value >= 10 else 1)


def added(numbers: list[int]) -> int:
    """Return the sum."""
    return sum(numbers)


def svg(number: float) -> str:
    """Show a coordinate with a decimal point, in every language."""
    return f"{number:g}"


def span(value: timedelta | float | None) -> str:
    """Show a span of time, such as ``4 min 20 s``."""
    return spans.shown(value)


def brief(value: timedelta | float | None) -> str:
    """Show a span of time in whole seconds, such as ``45 s``."""
    return spans.brief(value)


def rough(value: timedelta) -> str:
    """Show a span of time in one unit, such as ``3 min``."""
    return spans.rough(value.total_seconds())


def quiet_span(value: timedelta | None) -> SafeString | str:
    """Show a span of time; None as a dash in a weaker colour."""
    return _NONE if value is None else spans.shown(value)


def every(minutes: int) -> str:
    """Show an interval, such as ``every 2 hours``."""
    return rules.every(minutes)
