"""Enqueueing by hand: a job of a registered class, or a finished job again with other arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import models

from pgjobs import codec
from pgjobs.exceptions import BadArguments, InvalidArgument
from pgjobs.models import Job
from pgjobs.registry.names import JobTarget, resolve
from pgjobs.registry.parameters import names_by_position
from pgjobs.registry.targets import name_of
from pgjobs.steering.actor import Actor
from pgjobs.steering.journal import acting

_ITS_OWN: Final = object()


def enqueue(
    target: Any,
    about: models.Model | None = None,
    given: Mapping[str, Any] | None = None,
    *,
    by: Actor,
    once: bool = False,
) -> Job:
    """Enqueue a job of ``target`` about the object ``about``, and return it.

    ``given`` are the options and arguments of ``Job.enqueue``. With ``once``, return the live job
    that has the place, if there is one. Raises InvalidArgument for a wrong argument.
    """
    with acting("enqueue", by=by) as entry:
        is_new = True
        if once:
            job, is_new = Job.objects.all().hold_place(target, about, **(given or {}))
        else:
            job = Job.enqueue(target, about, **(given or {}))
        entry.subject, entry.jobs, entry.done = job.job_class, [job.pk], int(is_new)
        entry.options = {"once": True} if once else {}
    return job


def named_arguments(job: Job, target: JobTarget) -> dict[str, Any]:
    """Return the positional arguments of ``job``, as they are stored, by their names in ``target``.

    Calls of tasks give them by position. Raises InvalidArgument if one of them has no name: then
    they can't be given to another job.
    """
    if not job.args:
        return {}
    names = names_by_position(target)
    if not isinstance(job.args, list) or len(job.args) > len(names):
        raise InvalidArgument(
            f"Job {job.pk} has positional arguments for which {job.job_class} has no names, so "
            "they can't be given to another job."
        )
    return dict(zip(names, job.args, strict=False))


def rerun(
    job: Job, *, by: Actor, changes: Mapping[str, Any] | None = None, user: Any = _ITS_OWN
) -> Job:
    """Enqueue a new job as ``job``, with the arguments in ``changes`` instead of its own.

    It has the class, the object, the queue and the options of ``job``, and its user unless
    ``user`` is given. It does not recur, and it starts at once. Raises InvalidArgument for a wrong
    argument, BadArguments if a stored argument can't be read, and UnknownJobClass if the class is
    not registered.
    """
    named = codec.named(job.kwargs)
    if named is None:
        raise BadArguments(
            f"The arguments of job {job.pk} can't be read: they are no JSON object of names."
        )
    target: JobTarget = resolve(job.job_class)
    by_position = named_arguments(job, target)
    changed = dict(changes or {})
    if job.object_id is not None and job.object is None:
        raise BadArguments(f"The object of job {job.pk} no longer exists.")
    # Arguments that are replaced are not read: their objects may be gone.
    read = {
        name: codec.decode(value, f"args[{position}]")
        for position, (name, value) in enumerate(by_position.items())
        if name not in changed
    }
    read |= {
        name: codec.decode(value, f"kwargs[{name!r}]")
        for name, value in named.items()
        if name not in changed
    }
    with acting("rerun", by=by, subject=job.job_class) as entry:
        again = Job.enqueue(
            target,
            job.object,
            name="" if name_of(target) else job.name,
            user=job.user if user is _ITS_OWN else user,
            queue_name=job.queue_name,
            notifications=job.notifications,
            priority=job.priority,
            timeout=job.timeout,
            max_attempts=job.max_attempts,
            arguments={**read, **changed},
        )
        entry.jobs, entry.done = [again.pk], 1
        # The names alone: the journal holds no values of arguments.
        entry.options = {"of": job.pk, "changed": sorted(changed)}
    return again
