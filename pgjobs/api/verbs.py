"""The verbs on jobs for users of this interface, and their refusals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, OperationalError, models, transaction
from rest_framework.exceptions import PermissionDenied

from pgjobs.access import launchable, visible_to
from pgjobs.api.errors import Refused, bad_input
from pgjobs.enqueueing.references import object_columns
from pgjobs.exceptions import BadArguments
from pgjobs.models import Job
from pgjobs.rows.raised import is_of_a_trigger
from pgjobs.steering import enqueueing
from pgjobs.steering.actor import Actor
from pgjobs.steering.selection import all_jobs


def enqueue(wanted: dict[str, Any], about: models.Model | None, user: Any, by: Actor) -> Job:
    """Enqueue the job that a request asks for. Raises ValidationError and Refused.

    Raises PermissionDenied for a job that the user might not see, and if a job that the user may
    not see holds the place.
    """
    path = wanted.pop("job_class")
    arguments, once = wanted.pop("kwargs"), wanted.pop("once")
    if once:
        _check_holder(user, path, about)
    given = {"user": user, **wanted, "arguments": arguments}
    with refusals(), bad_input(), transaction.atomic(using=all_jobs().db):
        job = enqueueing.enqueue(launchable()[path], about, given, by=by, once=once)
        _check_is_seen(job, user)
    return job


def rerun(job: Job, changes: dict[str, Any], user: Any, by: Actor) -> Job:
    """Enqueue a new job as ``job`` for ``user``, who may change its arguments.

    Raises ValidationError for a wrong argument, Refused if the job can't run again, and
    PermissionDenied if the user would not see the new job.
    """
    if job.job_class not in (known := launchable()):
        listed = ", ".join(sorted(known)) or "none"
        raise Refused(f"Jobs of {job.job_class} can't be enqueued here. Launchable are: {listed}.")
    try:
        with refusals(), bad_input("kwargs"), transaction.atomic(using=all_jobs().db):
            again = enqueueing.rerun(job, by=by, changes=changes, user=user)
            _check_is_seen(again, user)
    except BadArguments as error:
        raise Refused(f"{error} Give another value for the argument.") from None
    return again


def _check_is_seen(job: Job, user: Any) -> None:
    if not visible_to(user, all_jobs()).filter(pk=job.pk).exists():
        raise PermissionDenied("You would not see this job, so it was not enqueued.")


def _check_holder(user: Any, path: str, about: models.Model | None) -> None:
    """Raise PermissionDenied if a job that ``user`` may not see holds the place.

    ``enqueue_once()`` could replace it.
    """
    with bad_input():
        columns = object_columns(about)
    holders = all_jobs().live().filter(job_class=path, once_key__isnull=False, **columns)
    if holders.exclude(pk__in=visible_to(user, all_jobs()).values("pk")).exists():
        raise PermissionDenied("A job that you may not see holds the place.")


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the refusal of a trigger or of a constraint of the project into the answer 409."""
    try:
        yield
    except DatabaseError as error:
        if isinstance(error, OperationalError) and not is_of_a_trigger(error.__cause__):
            raise  # the server, and not the job, is to blame
        reason, _newline, _row = str(error).partition("\n")
        raise Refused(f"PostgreSQL refused the change: {reason}") from None
