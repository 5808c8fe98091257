"""The door of metrics and health: it opens to the token, and to staff with the permission."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pgjobs.access import PERMISSIONS, Verb, may
from pgjobs.conf import get_settings

View = Callable[[HttpRequest], HttpResponse]

_HOW: Final = (
    "Send the header 'Authorization: Bearer …' with the token of PGJOBS['METRICS_TOKEN'], or sign "
    f"in as staff with the permission {PERMISSIONS[Verb.VIEW]}. If PGJOBS['VISIBLE_JOBS'] is set, "
    "only the token will do: the numbers are those of all jobs.\n"
)
_TEXT: Final = "text/plain; charset=utf-8"


def guarded(view: View) -> View:
    """Return ``view``, closed to every request without the token or a session of staff.

    It takes GET and HEAD. The token is compared before the session is read. So the token works
    while the database does not answer, and where middleware demands a login of every request.
    """

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        refusal = _refusal(request)
        return view(request) if refusal is None else refusal

    # In a transaction of the request a database that does not answer would be an error of the view.
    return login_not_required(transaction.non_atomic_requests(never_cache(require_safe(checked))))


def _refusal(request: HttpRequest) -> HttpResponse | None:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return None if _is_token(given.strip()) else _unknown()
    try:
        return _refusal_of_user(getattr(request, "user", None))
    except Error:
        return HttpResponse(
            "The database does not answer, so no session can be looked up. A token needs none.\n",
            status=503,
            content_type=_TEXT,
        )


def _is_token(given: str) -> bool:
    """Return whether ``given`` is the token. Without a token in the settings nothing is."""
    token = get_settings().METRICS_TOKEN
    return bool(token) and constant_time_compare(given, token)


def _refusal_of_user(user: Any) -> HttpResponse | None:
    if user is None or not user.is_authenticated:
        return _unknown()
    # The numbers count all jobs.
    sees_all = not get_settings().VISIBLE_JOBS
    if user.is_active and user.is_staff and may(user, Verb.VIEW) and sees_all:
        return None
    return HttpResponseForbidden(_HOW, content_type=_TEXT)


def _unknown() -> HttpResponse:
    return HttpResponse(
        _HOW,
        status=401,
        headers={"WWW-Authenticate": 'Bearer realm="pgjobs"'},
        content_type=_TEXT,
    )
