"""Moments in the pages' templates: as a date and time, or as the span of time from now."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext

from pgjobs.pages import spans


def ago(moment: datetime | None) -> SafeString | str:
    """Show the span of time since or until a moment; the tooltip is the moment."""
    if moment is None:
        return "-"
    away = (timezone.now() - moment).total_seconds()
    words = gettext("%s ago") if away >= 0 else gettext("in %s")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        date_format(localtime(moment), "Y-m-d H:i:s T"),
        words % spans.rough(abs(away)),
    )


def age(moment: datetime) -> SafeString:
    """Show the span of time since a moment, in one unit; the tooltip is the moment."""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        date_format(localtime(moment), "Y-m-d H:i:s T"),
        spans.rough(max((timezone.now() - moment).total_seconds(), 0)),
    )


def at(moment: datetime | None) -> SafeString | str:
    """Show a moment to the second, in the zone of the project."""
    if moment is None:
        return "-"
    shown = date_format(localtime(moment), "Y-m-d H:i:s")
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), shown)


def due(moment: datetime) -> SafeString | str:
    """Show the span of time until a moment of a schedule; ``now`` within a second of it."""
    if abs((timezone.now() - moment).total_seconds()) < 1:
        return gettext("now")
    return ago(moment)


def since(moment: datetime) -> str:
    """Show the span of time since a moment, as text in one unit, such as ``10 min``."""
    return spans.rough(max(0, (timezone.now() - moment).total_seconds()))


def lasting(moment: datetime) -> str:
    """Show the span of time since ``moment``, such as ``45 s``."""
    return spans.brief(timezone.now() - moment)


def clock(moment: datetime, span_name: str) -> SafeString:
    """Show the begin of a chart: the time of a day, and the day for a longer chart."""
    shape = "H:i" if span_name == "hour" else "D H:i"
    shown = date_format(localtime(moment), shape)
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), shown)


def moment(value: datetime) -> str:
    """Show a moment as plain text, for a tooltip."""
    return date_format(localtime(value), "Y-m-d H:i T")


def zone() -> str:
    """Return the name of the time zone in which moments are shown."""
    return timezone.get_current_timezone_name()
