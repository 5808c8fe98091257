"""System jobs: job classes that run by the clock, bound to no object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from pgjobs import codec, queues
from pgjobs.enqueueing.bounds import check_interval
from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.cron import check_cron
from pgjobs.registry.job_class import JobClass
from pgjobs.registry.targets import check_target

C = TypeVar("C", bound=type[JobClass])


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemJob:
    """The rule of one system job: either an interval or a cron expression."""

    job_class: type[JobClass]
    interval: timedelta | None
    cron: str
    kwargs: dict[str, Any]

    @property
    def queue_name(self) -> str:
        """The class's own queue, else ``QUEUE_MAPPINGS[None]``, else ``low``."""
        return self.job_class.options.queue or queues.get_queue_for_model(None, queues.LOW)


_system_jobs: dict[str, SystemJob] = {}


def system_jobs() -> dict[str, SystemJob]:
    """Return the registered system jobs by the dotted path of their class."""
    return dict(_system_jobs)


def system_job(
    interval: int | None = None, *, cron: str | None = None, **kwargs: Any
) -> Callable[[C], C]:
    """Class decorator: the same as calling ``setup()`` on the class."""

    def decorate(job_class: C) -> C:
        register_system_job(job_class, interval=interval, cron=cron, kwargs=kwargs)
        return job_class

    return decorate


def register_system_job(
    job_class: type[JobClass],
    *,
    interval: int | None,
    cron: str | None,
    kwargs: dict[str, Any],
) -> None:
    """Remember the rule; the clock writes it to the database when a worker starts."""
    check_target(job_class)
    if (interval is None) == (cron is None):
        raise InvalidArgument(
            f"{job_class.__qualname__} needs either interval= (minutes) or cron=, and not both."
        )
    codec.encode(kwargs, "kwargs")
    _system_jobs[job_class.path] = SystemJob(
        job_class=job_class,
        interval=None if interval is None else timedelta(minutes=check_interval(interval)),
        cron="" if cron is None else check_cron(cron),
        kwargs=kwargs,
    )
