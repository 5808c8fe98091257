"""The verbs on one job, queue or job class. Each writes the journal if it has changed something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pgjobs.models import Job, Pause
from pgjobs.models.job_database import job_database, tried_again
from pgjobs.steering.actor import Actor
from pgjobs.steering.journal import acting


def cancel(job: Job, *, by: Actor, keep_schedule: bool = False) -> bool:
    """Cancel ``job`` as ``Job.cancel`` does; return whether it has changed."""
    options = {"keep_schedule": True} if keep_schedule else {}
    return _change("cancel", job, lambda: job.cancel(keep_schedule=keep_schedule), by, options)


def retry(job: Job, *, by: Actor) -> bool:
    """Retry ``job`` as ``Job.retry`` does; return whether it has changed."""
    return _change("retry", job, job.retry, by)


def delete(job: Job, *, by: Actor) -> bool:
    """Delete the finished ``job`` with its log; return False if it is live or gone."""
    finished = Job.objects.using(job_database()).finished().filter(pk=job.pk)
    return _change("delete", job, lambda: bool(finished.delete()[0]), by)


def pause(*, by: Actor, queue: str | None = None, job_class: object = None) -> bool:
    """Pause a queue or a job class; return False if it was paused. Raises as ``Pause``'s method."""
    return _pausing("pause", by, queue, job_class)


def resume(*, by: Actor, queue: str | None = None, job_class: object = None) -> bool:
    """Resume a queue or a job class; return False if it was not paused. Raises as ``pause()``."""
    return _pausing("resume", by, queue, job_class)


@tried_again
def _change(
    verb: str,
    job: Job,
    change: Callable[[], bool],
    by: Actor,
    options: dict[str, Any] | None = None,
) -> bool:
    with acting(verb, by=by, jobs=[job.pk]) as entry:
        entry.options = options or {}
        entry.done = int(change())
    return bool(entry.done)


@tried_again
def _pausing(verb: str, by: Actor, queue: str | None, job_class: object) -> bool:
    pauses = Pause.objects.using(job_database())
    with acting(verb, by=by) as entry:
        entry.subject = pauses.subject(queue=queue, job_class=job_class)
        change = pauses.pause if verb == "pause" else pauses.resume
        entry.done = int(change(queue=queue, job_class=job_class))
    return bool(entry.done)
