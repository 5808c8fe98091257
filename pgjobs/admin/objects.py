"""The jobs of an object on its page in the admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from pgjobs.access import Verb, may

_FIELD = "_pgjobs_object_jobs"


class ObjectJobsMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Adds a section with the newest jobs of the object to its page.

    Users without the permission to view jobs do not see the section::

        class SiteAdmin(ObjectJobsMixin, admin.ModelAdmin): ...
    """

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return [*fields, _jobs_field(request)] if _is_shown(request, obj) else fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields without the jobs, which have a section of their own."""
        fields = super().get_fields(request, obj)
        own = getattr(request, _FIELD, None)
        return [field for field in fields if field is not own]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if not _is_shown(request, obj):
            return fieldsets
        return [*fieldsets, (_("Jobs"), {"fields": [_jobs_field(request)]})]


def _is_shown(request: HttpRequest, obj: Any) -> bool:
    return obj is not None and may(request.user, Verb.VIEW)


def _jobs_field(request: HttpRequest) -> Callable[[models.Model], SafeString]:
    """Return the field that shows the jobs: one for each request, because it needs the user."""
    known: Callable[[models.Model], SafeString] | None = getattr(request, _FIELD, None)
    if known is not None:
        return known

    @admin.display(description=_("newest"))
    def object_jobs(obj: models.Model) -> SafeString:
        from pgjobs.pages.job.of_object import rendered  # see JobAdmin.get_urls()

        return mark_safe(rendered(request, obj))

    setattr(request, _FIELD, object_jobs)
    return object_jobs
