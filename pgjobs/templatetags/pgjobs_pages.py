"""Tags and filters of the pages' templates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext

from pgjobs.choices import JobStatus
from pgjobs.pages import page, spans

register = template.Library()


@register.simple_tag(takes_context=True)
def address(context: dict[str, Any], name: str, *args: Any, **query: Any) -> str:
    """Return the address of a page in the place of the present one."""
    return page.address(context["request"], name, *args, **query)


@register.filter
def span(value: timedelta | float | None) -> str:
    """Show a span of time, such as ``4 min 20 s``."""
    return spans.shown(value)


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """Show a moment as the time since then or until then; its tooltip is the moment itself."""
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


@register.filter
def age(moment: datetime) -> SafeString:
    """Show how old something is, in one unit; the tooltip is the moment itself."""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        date_format(localtime(moment), "Y-m-d H:i:s T"),
        spans.rough(max((timezone.now() - moment).total_seconds(), 0)),
    )


@register.filter
def at(moment: datetime | None) -> SafeString | str:
    """Show a moment to the second, in the zone of the project."""
    if moment is None:
        return "-"
    shown = date_format(localtime(moment), "Y-m-d H:i:s")
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), shown)


@register.filter
def number(value: int | None) -> str:
    """Show a whole number with commas, such as ``12,345``; None as a dash."""
    return "-" if value is None else f"{value:,}"


@register.filter
def badge(status: str) -> SafeString:
    """Show the status of a job as a coloured label."""
    if status not in JobStatus:
        return format_html('<span class="pgj-badge">{}</span>', status)
    known = JobStatus(status)
    return format_html('<span class="pgj-badge pgj-{}">{}</span>', known.color, known.label)


@register.filter
def short(path: str) -> str:
    """Show the last name of a dotted path."""
    return str(path).rpartition(".")[2]
