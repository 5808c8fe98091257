"""System jobs: job classes that run by the clock and belong to no object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from pgjobs import codec, queues
from pgjobs.enqueueing.arguments import OPTIONS, check_all, check_options, gathered
from pgjobs.enqueueing.bounds import check_interval
from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.cron import check_cron
from pgjobs.registry.job_class import JobClass
from pgjobs.registry.targets import check_target, is_job_class
from pgjobs.showing import brief

C = TypeVar("C", bound=type[JobClass])


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemJob:
    """The rule of one system job: an interval or a cron expression."""

    job_class: type[JobClass]
    interval: timedelta | None
    cron: str
    kwargs: dict[str, Any]
    """The arguments of ``run()``."""
    options: dict[str, Any]
    """The options of ``enqueue()`` that ``setup()`` was given, such as a priority."""

    @property
    def queue_name(self) -> str:
        """The queue of ``setup()`` or ``Meta``; then ``QUEUE_MAPPINGS[None]``; then ``low``."""
        named: str | None = self.options.get("queue_name") or self.job_class.options.queue
        return named or queues.get_queue_for_model(None, queues.LOW)


_system_jobs: dict[str, SystemJob] = {}


def system_jobs() -> dict[str, SystemJob]:
    """Return the registered system jobs by the dotted path of their class."""
    return dict(_system_jobs)


def system_job(
    interval: int | None = None, *, cron: str | None = None, **kwargs: Any
) -> Callable[[C], C]:
    """Return a decorator that calls ``setup()`` of a job class with these arguments.

    Raises InvalidArgument for a wrong value, such as the class itself if the parentheses are
    missing: the class would become the decorator, and never run.
    """
    if interval is not None:
        check_interval(interval)
    if cron is not None:
        check_cron(cron)

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
    """Remember the rule. When a worker starts, its clock writes the rule to the database.

    Raises InvalidArgument if not exactly one of ``interval`` and ``cron`` is given, or for
    a wrong value.
    """
    if not is_job_class(check_target(job_class)):
        raise InvalidArgument(f"{brief(job_class)} is not a BackgroundJob class.")
    if (interval is None) == (cron is None):
        raise InvalidArgument(
            f"{job_class.__qualname__} needs either interval= (minutes) or cron=, and not both."
        )
    options = {name: kwargs[name] for name in OPTIONS & kwargs.keys() - {"arguments"}}
    named = {name: value for name, value in kwargs.items() if name not in OPTIONS}
    check_options(job_class, named)
    arguments = gathered(kwargs.get("arguments"), named)
    check_all(job_class, arguments)
    codec.encode(arguments, "kwargs")
    _system_jobs[job_class.path] = SystemJob(
        job_class=job_class,
        interval=None if interval is None else timedelta(minutes=check_interval(interval)),
        cron="" if cron is None else check_cron(cron),
        kwargs=arguments,
        options=options,
    )
