"""How values look in the admin. Whatever a job wrote goes through ``format_html`` or a template."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.contrib import admin
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from pgjobs.choices import JobStatus

NOTHING = "-"


class Seen(models.Func):
    """One column of an inspection view, for the row at hand: pages and psql say the same."""

    template = "(SELECT seen.%(column)s FROM %(view)s AS seen WHERE seen.id = %(expressions)s)"

    def __init__(self, view: str, column: str, field: models.Field[Any, Any]) -> None:
        super().__init__(models.F("pk"), view=view, column=column, output_field=field)


class LookOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """An admin that writes nothing by itself."""

    view_on_site = False
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each count would read the table
    sortable_by = ()

    class Media:
        css = {"all": ["pgjobs/admin.css"]}

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


def shown(label: Any) -> Callable[[Any], Any]:
    """``@admin.display``, and ``NOTHING`` for what is empty, on a page as in a list."""

    def decorate(value_of: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        @admin.display(description=label)
        @wraps(value_of)
        def value_or_nothing(self: Any, row: Any) -> Any:
            value = value_of(self, row)
            return NOTHING if value is None or value == "" else value

        return value_or_nothing

    return decorate


def badge(color: str, label: Any) -> SafeString:
    return format_html('<span class="pgjobs-badge pgjobs-{}">{}</span>', color, label)


def status_badge(status: str) -> SafeString:
    return badge(JobStatus(status).color, JobStatus(status).label)


def link(text: Any, url: str | None) -> Any:
    return format_html('<a href="{}">{}</a>', url, text) if url else text


def page_of(model: type[models.Model], key: Any, site: admin.AdminSite) -> str | None:
    """Return the address of an object's page in the admin; None if its model has none there."""
    try:
        return reverse(
            f"admin:{model._meta.app_label}_{model._meta.model_name}_change",
            args=[key],
            current_app=site.name,
        )
    except NoReverseMatch:
        return None


def pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def moment(at: datetime) -> str:
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT")


def span(duration: timedelta | None) -> str | None:
    """Return a duration in the two units that matter."""
    if duration is None:
        return None
    seconds = duration.total_seconds()
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
