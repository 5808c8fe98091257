"""Jobs in the admin: their pages stand at the addresses of a model."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from pgjobs.access import Verb, may
from pgjobs.admin.look_only import LookOnly


class JobAdmin(LookOnly):
    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        # Here: most processes of a project, workers among them, never show a page.
        from pgjobs.pages.place import in_admin
        from pgjobs.pages.urls import patterns

        pages = (patterns(in_admin(self.admin_site)), "pgjobs")
        return [path("", include(pages)), *super().get_urls()]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, Verb.VIEW)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, Verb.DELETE)

    # The page of a job takes each address with an id. Only an address without one comes here.

    def change_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404

    def delete_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404

    def history_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404
