"""What all actions share: the actor, the messages, and the way back to the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import DatabaseError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from pgjobs.exceptions import PgJobsError
from pgjobs.models import Job
from pgjobs.models.job_database import job_database
from pgjobs.pages.page import address
from pgjobs.rows.raised import is_of_a_trigger
from pgjobs.steering.actor import Actor


def actor_of(request: HttpRequest) -> Actor:
    """Return the user of ``request`` as the journal names the user."""
    return Actor.user(request.user)


def say(request: HttpRequest, text: str, level: int = messages.SUCCESS) -> None:
    """Leave a message for the next page. A project without messages gets none."""
    messages.add_message(request, level, text, fail_silently=True)


@dataclass(slots=True)
class Refusal:
    """Whether an order was refused."""

    is_told: bool = False


@contextmanager
def refusals_told(request: HttpRequest) -> Iterator[Refusal]:
    """Turn a refusal by pgjobs, or by a trigger or a constraint of the project, into a message."""
    refusal = Refusal()
    try:
        with _apart_from_the_request():
            yield refusal
    except DatabaseError as error:
        if isinstance(error, OperationalError) and not is_of_a_trigger(error.__cause__):
            raise  # the server, and not the order, is to blame
        reason, _newline, _row = str(error).partition("\n")
        said = gettext("PostgreSQL refused the change: %s") % reason
        refusal.is_told = True
        say(request, said, messages.ERROR)
    except Job.DoesNotExist:
        refusal.is_told = True
        say(request, gettext("The job was deleted meanwhile."), messages.WARNING)
    except (PgJobsError, LookupError) as error:
        refusal.is_told = True
        say(request, str(error), messages.ERROR)


def _apart_from_the_request() -> AbstractContextManager[Any]:
    """Return a savepoint if the request has a transaction, which a refusal must not break.

    Otherwise each verb has its own transactions: a bulk action commits batch by batch, and a verb
    begins again if PostgreSQL ends its transaction in favour of another one.
    """
    using = job_database()
    if transaction.get_connection(using).in_atomic_block:
        return transaction.atomic(using=using)
    return nullcontext()


def back(request: HttpRequest, name: str, *args: Any) -> HttpResponse:
    """Return to the page that sent the form, or to the page of this name."""
    sender = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(sender, {request.get_host()}, request.is_secure())
    return HttpResponseRedirect(sender if is_ours else address(request, name, *args))
