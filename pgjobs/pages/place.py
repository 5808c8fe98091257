"""Where the pages stand: in an admin site, or alone behind the login of the project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_protect

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Place:
    """The frame around the pages, and who may come in."""

    frame: str
    """The template that the pages extend, with the blocks of the admin's ``base_site.html``."""
    guard: Callable[[View], View]
    """Wraps each view, so that it answers a user who has signed in."""
    context_of: Callable[[HttpRequest], dict[str, Any]]
    """Returns the context that the frame needs."""
    admin: AdminSite | None = None

    def view(self, view: View) -> View:
        """Return ``view`` for this place."""

        def placed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            request.pgjobs_place = self  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        return self.guard(placed)

    @property
    def skin(self) -> str:
        """The name of the look that the style sheet adapts to: stock, unfold or alone."""
        if self.admin is None:
            return "alone"
        return "unfold" if apps.is_installed("unfold") else "stock"


def alone() -> Place:
    """Return the place without an admin."""
    return Place("pgjobs/pages/alone.html", _for_users, lambda request: {})


def _for_users(view: View) -> View:
    return csrf_protect(login_required(view))


def in_admin(site: AdminSite) -> Place:
    """Return the place in an admin site."""
    return Place("admin/base_site.html", site.admin_view, site.each_context, site)


def place_of(request: HttpRequest) -> Place:
    """Return the place of the page that is asked for."""
    place: Place = request.pgjobs_place  # type: ignore[attr-defined]
    return place
