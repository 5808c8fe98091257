"""The saved views of a user: a name and a query each, as tabs before the filter bar."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pgjobs.access import Verb
from pgjobs.models import SavedView
from pgjobs.models.job_database import job_database
from pgjobs.models.saved_view import LONGEST_NAME, LONGEST_QUERY
from pgjobs.pages.address import Address
from pgjobs.pages.orders import say
from pgjobs.pages.page import action, redirect

MOST: Final = 20
"""Views that a user may have."""

OFFERED: Final = (
    (_("All"), ""),
    (_("Waiting"), "status:waiting"),
    (_("Running"), "status:running"),
    (_("Failed"), "status:errored,failed"),
)
"""The views that each user has."""


def views_of(user: Any) -> Any:
    """Return the saved views of ``user``, the oldest first."""
    return SavedView.objects.using(job_database()).filter(user_key=_key(user))


@action(Verb.VIEW)
def save(request: HttpRequest) -> HttpResponse:
    """Save the query under a new name."""
    name, query = _name(request), request.POST.get("q", "").strip()
    if "\0" in query or len(query) > LONGEST_QUERY:
        raise BadRequest(f"A query has at most {LONGEST_QUERY} characters, and no NUL.")
    views = views_of(request.user)
    if not name:
        say(request, gettext("A view needs a name."), messages.ERROR)
    elif views.count() >= MOST:
        said = gettext("You have %d views, which is the limit. Delete one first.") % MOST
        say(request, said, messages.ERROR)
    else:
        _under_a_free_name(
            request, name, lambda: views.create(user_key=_key(request.user), name=name, query=query)
        )
    return redirect(request, "jobs", q=query)


@action(Verb.VIEW)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename or delete a view of the user."""
    view = views_of(request.user).filter(pk=pk).first()
    query = "" if view is None else view.query
    if view is None:
        say(request, gettext("This view is gone."), messages.WARNING)
    elif request.POST.get("do") == "delete":
        view.delete()
    elif name := _name(request):
        same = views_of(request.user).filter(pk=pk)
        _under_a_free_name(request, name, lambda: same.update(name=name))
    return redirect(request, "jobs", q=query)


def _under_a_free_name(request: HttpRequest, name: str, write: Any) -> None:
    try:
        with transaction.atomic(using=job_database()):
            write()
    except IntegrityError:
        said = gettext("You have a view with the name %s already.") % name
        say(request, said, messages.ERROR)


def _name(request: HttpRequest) -> str:
    name = " ".join(request.POST.get("name", "").replace("\0", "").split())
    return name[:LONGEST_NAME].strip()


def _key(user: Any) -> str:
    return str(user.pk)[:255]


ADDRESSES: Final = [
    Address("views/", save, "jobs-save", alone="jobs/views/"),
    Address("views/<int:pk>/", change, "jobs-view", alone="jobs/views/<int:pk>/"),
]
