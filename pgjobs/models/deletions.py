"""What the deletion of an object or a user does to the jobs.

A deletion first locks the jobs of all its objects, in the order of their ids: see ``rows.rivalry``.
Django by itself would lock them object by object.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import models

from pgjobs.enqueueing.references import object_key
from pgjobs.models.job import Job

_BATCH: Final = "_pgjobs_deleted_with"
_HELD: Final = "_pgjobs_jobs_held"


def remember_batch(objects: list[Any]) -> None:
    """Let each of ``objects``, which Django is about to delete, know the keys of all."""
    keys = [str(instance.pk) for instance in objects]
    for instance in objects:
        instance.__dict__[_BATCH] = keys


def abandon_jobs(sender: type[models.Model], instance: Any, using: str, **_: Any) -> None:
    """Cancel the waiting jobs of ``instance``, and let its running jobs end without a successor.

    The first call of a batch does so for the whole batch, and empties it.
    """
    key = object_key(instance)
    batch = instance.__dict__.pop(_BATCH, [key["object_id"]])
    if not batch:
        return
    jobs = Job.objects.using(using).filter(
        object_type_id=key["object_type_id"], object_id__in=list(batch)
    )
    batch.clear()
    jobs.lock()
    jobs.waiting().cancel()
    jobs.end_chains()


def hold_jobs_of_user(
    sender: type[models.Model], instance: Any, using: str, origin: Any = None, **_: Any
) -> None:
    """Lock the jobs of a user who is about to be deleted, or of all users of the query set."""
    users: Any = [instance.pk]
    if isinstance(origin, models.QuerySet) and origin.model is sender:
        if origin.__dict__.setdefault(_HELD, False):
            return
        origin.__dict__[_HELD] = True
        users = origin.order_by().values("pk")
    Job.objects.using(using).filter(user__in=users).lock()
