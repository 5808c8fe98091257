"""What all pages share: the permission, the addresses, the frame and the bar of pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, NamedTuple

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pgjobs.access import Verb, may
from pgjobs.pages.place import View, place_of


class Tab(NamedTuple):
    """A page in the bar of pages."""

    name: str
    title: str | Promise
    needs: Verb | str


TABS: Final = (
    Tab("overview", _("Overview"), Verb.VIEW),
    Tab("jobs", _("Jobs"), Verb.VIEW),
    Tab("queues", _("Queues"), Verb.VIEW),
    Tab("workers", _("Workers"), "pgjobs.view_workerprocess"),
    Tab("schedules", _("Schedules"), "pgjobs.view_schedule"),
    Tab("failures", _("Failures"), Verb.VIEW),
    Tab("logs", _("Logs"), Verb.VIEW),
    Tab("journal", _("Journal"), "pgjobs.view_journalentry"),
    Tab("enqueue", _("Enqueue"), Verb.ENQUEUE),
)


LONGEST_ADDRESS: Final = 2000
"""Characters of an address that a browser is sent to. Django refuses longer ones, as do proxies."""

_READ_OR_POST: Final = require_http_methods(["GET", "HEAD", "POST"])


def page(needs: Verb | str) -> Callable[[View], View]:
    """Let a view answer GET for users with the permission; others get 403."""
    return lambda view: require_safe(_for_users_with(needs, view))


def action(needs: Verb | str) -> Callable[[View], View]:
    """Let a view change something: by POST only, for users with the permission."""
    return lambda view: require_POST(_for_users_with(needs, view))


def form(*needs: Verb) -> Callable[[View], View]:
    """Let a view show a form by GET, which changes nothing, and take it by POST.

    The users need all these permissions.
    """

    def decorate(view: View) -> View:
        for each in needs:
            view = _for_users_with(each, view)
        return _READ_OR_POST(view)

    return decorate


def has(user: Any, needs: Verb | str) -> bool:
    """Return whether ``user`` has a permission, which is given as a verb or by its name."""
    return may(user, needs) if isinstance(needs, Verb) else bool(user.has_perm(needs))


def address(request: HttpRequest, name: str, *args: Any, **query: Any) -> str:
    """Return the address of another page in the place of ``request``, with a query string.

    A parameter that is None or empty is left out; a list gives the parameter several times.
    """
    path = reverse(f"{_namespace(request)}:{name}", args=args)
    given = {key: value for key, value in query.items() if value not in (None, "", [], ())}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def redirect(request: HttpRequest, name: str, *args: Any, **query: Any) -> HttpResponse:
    """Send the browser to `address()`, without the query if the address would be too long."""
    there = address(request, name, *args, **query)
    is_short = len(there) <= LONGEST_ADDRESS
    return HttpResponseRedirect(there if is_short else address(request, name, *args))


def show(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    title: str | Promise,
    tab: str,
    every: int = 0,
    status: int = 200,
) -> HttpResponse:
    """Return the page ``pgjobs/pages/<template>`` in the frame of its place.

    With ``every``, the part of the page in ``{% block live %}`` is fetched again after so many
    seconds.
    """
    place = place_of(request)
    frame = {
        **place.context_of(request),
        "frame": place.frame,
        "place": place,
        "title": title,
        "tab": tab,
        "tabs": [each for each in TABS if has(request.user, each.needs)],
        "every": every,
    }
    return render(request, f"pgjobs/pages/{template}", {**frame, **context}, status=status)


def _for_users_with(needs: Verb | str, view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not has(request.user, needs):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def _namespace(request: HttpRequest) -> str:
    match = request.resolver_match
    assert match is not None  # the view was found by its address
    return match.namespace
