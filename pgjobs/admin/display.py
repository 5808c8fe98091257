"""How values look in the admin.

All text goes through ``format_html`` or a template, because a job can write HTML into its row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest
from django.db import DatabaseError, models
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from pgjobs.admin.strict_list import TextChangeList
from pgjobs.choices import JobStatus
from pgjobs.rows.failure import shown as text_of

NOTHING = "-"
"""Stands for an empty value."""


class Seen(models.Func):
    """One column of an inspection view, for each row of a query.

    So the admin shows the same values as the views show in psql.
    """

    # Sessions that share the lock of a dead worker by hand give the view a row for each of them.
    template = (
        "(SELECT seen.%(column)s FROM %(view)s AS seen WHERE seen.id = %(expressions)s LIMIT 1)"
    )

    def __init__(self, view: str, column: str, field: models.Field[Any, Any]) -> None:
        super().__init__(models.F("pk"), view=view, column=column, output_field=field)


class SeenSpan(Seen):
    """A span of time in an inspection view, in seconds.

    The view holds an interval, which psycopg can't read if the database sets an ``IntervalStyle``.
    """

    template = (
        "(SELECT EXTRACT(epoch FROM seen.%(column)s)::float8 "
        "FROM %(view)s AS seen WHERE seen.id = %(expressions)s LIMIT 1)"
    )

    def __init__(self, view: str, column: str) -> None:
        super().__init__(view, column, models.FloatField())


class LookOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """An admin without forms: it adds, changes and deletes nothing."""

    view_on_site = False
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each count of a facet would read the whole table
    sortable_by = ()

    class Media:
        css = {"all": ["pgjobs/admin.css"]}

    def get_changelist(self, request: Any, **kwargs: Any) -> type[TextChangeList]:
        return TextChangeList

    def response_action(
        self, request: HttpRequest, queryset: models.QuerySet[Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Refuse values that are no ids: in Django itself they are an error of the server."""
        try:
            queryset.filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
        except ValueError as error:
            raise BadRequest(str(error)) from None
        return super().response_action(request, queryset, *args, **kwargs)

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


def shown(label: Any) -> Callable[[Any], Any]:
    """Do the same as ``@admin.display(description=label)``, and show an empty value as `NOTHING`.

    Django's own ``empty_value`` works only for lists, this one also on the page of an object.
    """

    def decorate(value_of: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        @admin.display(description=label)
        @wraps(value_of)
        def value_or_nothing(self: Any, row: Any) -> Any:
            value = value_of(self, row)
            return NOTHING if value is None or value == "" else value

        return value_or_nothing

    return decorate


def badge(color: str, label: Any) -> SafeString:
    """Return a coloured label; ``color`` is one of the classes ``pgjobs-…`` in admin.css."""
    return format_html('<span class="pgjobs-badge pgjobs-{}">{}</span>', color, label)


def reason_of(error: DatabaseError) -> str:
    """Return the words of PostgreSQL without the lines that show the row."""
    reason, _newline, _row = str(error).partition("\n")
    return reason


def status_badge(status: str) -> SafeString:
    return badge(JobStatus(status).color, JobStatus(status).label)


def link(text: Any, url: str | None) -> Any:
    """Return ``text`` as a link, or ``text`` itself without a ``url``."""
    return format_html('<a href="{}">{}</a>', url, text) if url else text


def named(thing: object) -> str:
    """Return ``str(thing)``, or a substitute if that raises: ``__str__`` is code of the project."""
    return text_of(thing, str)


def page_of(model: type[models.Model], key: Any, site: admin.AdminSite) -> str | None:
    """Return the address of an object's page in the admin, or None if its model has no page."""
    try:
        return reverse(
            f"admin:{model._meta.app_label}_{model._meta.model_name}_change",
            args=[key],
            current_app=site.name,
        )
    except NoReverseMatch:
        return None


def moment(at: datetime) -> str:
    """Return a moment in the project's time zone and short format."""
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT")


def span(seconds: float | None) -> str | None:
    """Return seconds as text, in at most two units: ``4 min 20 s``. None stays None."""
    if seconds is None:
        return None
    if math.isinf(seconds):
        return "∞"
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
