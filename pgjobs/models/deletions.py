"""What the deletion of an object or a user does to the jobs.

A deletion first locks the jobs of all its objects, in the order of their ids: see ``rows.rivalry``.
Django by itself would lock them object by object.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib.contenttypes.models import ContentType
from django.db import models

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

    This includes the jobs about the object as a proxy, or as the model of which ``sender`` is one;
    their finished jobs are deleted. The first call of a batch does so for the whole batch, and
    empties it.
    """
    batch = instance.__dict__.pop(_BATCH, [str(instance.pk)])
    if not batch:
        return
    types = ContentType.objects.get_for_models(*same_objects(sender), for_concrete_models=False)
    jobs = Job.objects.using(using).filter(
        object_type__in=[each.pk for each in types.values()], object_id__in=list(batch)
    )
    batch.clear()
    jobs.lock()
    if list(types) != [sender]:  # Django deletes the jobs about objects of ``sender`` alone
        jobs.finished().delete()
    jobs.waiting().cancel()
    jobs.end_chains()


def same_objects(model: type[models.Model]) -> list[type[models.Model]]:
    """Return ``model`` and its proxies, or the model it is a proxy of: their objects are the same.

    Only models that jobs can be about are returned.
    """
    concrete = model._meta.concrete_model
    return [
        each
        for each in {model: None, **dict.fromkeys(model._meta.apps.get_models())}
        if each._meta.concrete_model is concrete and getattr(each, "supports_jobs", False)
    ]


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
