"""Queues and job classes that are known somewhere, told from typing errors in filters."""

from __future__ import annotations

from collections.abc import Iterable

from pgjobs.models import Job, RegistryEntry, WorkerProcess
from pgjobs.models.job_database import job_database
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.queues import known_queues
from pgjobs.registry.names import registered
from pgjobs.showing import brief, did_you_mean


def unknown_queue(name: str, jobs: JobQuerySet[Job]) -> str | None:
    """Return a sentence about a queue that is known nowhere; None if it is known.

    It is known if the code has it, if a worker serves it or has it in its code, or if one of
    ``jobs`` is in it. To look for such a job may mean to read them all.
    """
    known = [*known_queues(), *_told("queue"), *_served()]
    if name in known or jobs.filter(queue_name=name).exists():
        return None
    names = list(dict.fromkeys(known))
    return (
        f"There is no queue {brief(name)}.{did_you_mean(name, names)} "
        f"The queues are: {', '.join(names)}."
    )


def unknown_classes(paths: Iterable[str], jobs: JobQuerySet[Job]) -> str | None:
    """Return a sentence about job classes that are all known nowhere, as for a queue."""
    wanted = list(paths)
    known = [*registered(), *_told("job_class")]
    if not set(wanted).isdisjoint(known) or jobs.filter(job_class__in=wanted).exists():
        return None
    names = sorted(set(known))
    return (
        f"There is no job class {brief(', '.join(wanted))}.{did_you_mean(wanted[0], names)} "
        f"The job classes are: {', '.join(names)}."
    )


def _told(kind: str) -> list[str]:
    """Return the names that the workers have in their code."""
    told = RegistryEntry.objects.using(job_database()).filter(kind=kind).order_by("name")
    return list(told.values_list("name", flat=True))


def _served() -> list[str]:
    """Return the queues of the workers that have not stopped."""
    workers = WorkerProcess.objects.using(job_database()).filter(stopped=None)
    return [str(name) for names in workers.values_list("queues", flat=True) for name in names]
