"""Filters of the templates of a job's page."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localdate, localtime

register = template.Library()


@register.filter
def clock(moment: datetime) -> SafeString:
    """Show a moment of today by its time, and of another day by its date too."""
    is_today = localdate(moment) == localdate()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        date_format(localtime(moment), "Y-m-d H:i:s T"),
        date_format(localtime(moment), "H:i:s" if is_today else "Y-m-d H:i:s"),
    )
