"""Schedules and workers in the index of an admin site: the entries lead to the pages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse

from pgjobs.admin.look_only import LookOnly


class LeadingAdmin(LookOnly):
    """An admin whose addresses lead to pages, which have the actions."""

    list_page: ClassVar[str]
    object_page: ClassVar[str]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        _refuse_changes(request)
        return HttpResponseRedirect(self._address(self.list_page))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        _refuse_changes(request)
        key = unquote(object_id)
        try:
            return HttpResponseRedirect(self._address(self.object_page, key))
        except NoReverseMatch:  # the text is no id
            return HttpResponseRedirect(self._address(self.list_page))

    def _address(self, name: str, *args: Any) -> str:
        return reverse(f"admin:pgjobs:{name}", args=args, current_app=self.admin_site.name)


class ScheduleAdmin(LeadingAdmin):
    list_page, object_page = "schedules", "schedule"


class WorkerProcessAdmin(LeadingAdmin):
    list_page, object_page = "workers", "worker"


def _refuse_changes(request: HttpRequest) -> None:
    if request.method not in ("GET", "HEAD"):
        raise PermissionDenied
