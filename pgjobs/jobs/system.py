"""System jobs: job classes and functions that run by the clock and belong to no object."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

from django.utils.functional import LazyObject

from pgjobs import codec, queues
from pgjobs.enqueueing.arguments import OPTIONS, check_all, check_options, gathered, with_name
from pgjobs.enqueueing.bounds import (
    check_interval,
    check_max_attempts,
    check_priority,
    check_timeout,
)
from pgjobs.enqueueing.plain_options import check_meta, check_notifications, check_text
from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.cron import check_cron
from pgjobs.registry.names import JobTarget, path_of, registered_as
from pgjobs.registry.targets import check_target, name_of, options_of
from pgjobs.showing import brief

T = TypeVar("T", bound=JobTarget)

_NEVER: Final = {
    "instance": "A system job belongs to no object.",
    "schedule_at": "Its rule decides when it runs.",
    "immediate": "The clock enqueues it, and a worker runs it.",
    "name": "Set it in Meta.name or by @job(name=…).",
}
"""Options of ``enqueue()`` that no system job has, with the reason or the remedy."""
_NUMBERS: Final = {
    "priority": check_priority,
    "timeout": check_timeout,
    "job_timeout": check_timeout,
    "max_attempts": check_max_attempts,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemJob:
    """The rule of one system job: an interval or a cron expression."""

    target: JobTarget
    """The job class, or a function of ``@pgjobs.job``."""
    interval: timedelta | None
    cron: str
    kwargs: dict[str, Any]
    """The arguments of ``run()``."""
    options: dict[str, Any]
    """The options of ``enqueue()`` that ``setup()`` was given, such as a priority."""

    @property
    def path(self) -> str:
        """The dotted path by which rows name the class or the function."""
        return path_of(self.target)

    @property
    def is_editable(self) -> bool:
        """Whether operators may edit the rule."""
        return options_of(self.target).editable_schedule

    @property
    def queue_name(self) -> str:
        """The queue of ``setup()`` or ``Meta``; then ``QUEUE_MAPPINGS[None]``; then ``low``."""
        named: str | None = self.options.get("queue_name") or options_of(self.target).queue
        return named or queues.get_queue_for_model(None, queues.LOW)


_system_jobs: dict[str, SystemJob] = {}


def system_jobs() -> dict[str, SystemJob]:
    """Return the registered system jobs by the dotted path of their class or function."""
    return dict(_system_jobs)


def system_job(
    interval: int | None = None, *, cron: str | None = None, **kwargs: Any
) -> Callable[[T], T]:
    """Return a decorator that calls ``setup()`` with these arguments.

    It stands above a job class, or above ``@pgjobs.job`` of a function. Raises InvalidArgument for
    a wrong value, such as the class itself if the parentheses are missing: the class would become
    the decorator, and never run.
    """
    if interval is not None:
        check_interval(interval)
    if cron is not None:
        check_cron(cron)

    def decorate(target: T) -> T:
        _refuse_unmarked(target)
        register_system_job(target, interval=interval, cron=cron, kwargs=kwargs)
        return target

    return decorate


def _refuse_unmarked(target: JobTarget) -> None:
    if inspect.isfunction(target) and registered_as(path_of(target)) is not target:
        raise InvalidArgument(
            f"{target.__qualname__} is no job yet: write @pgjobs.job between @system_job and the "
            "def."
        )


def register_system_job(
    target: JobTarget,
    *,
    interval: int | None,
    cron: str | None,
    kwargs: dict[str, Any],
) -> None:
    """Remember the rule. When a worker starts, its clock writes the rule to the database.

    Raises InvalidArgument if not exactly one of ``interval`` and ``cron`` is given, for a wrong
    value, and for a function whose jobs have no name.
    """
    target = check_target(target)
    if not name_of(target):
        raise InvalidArgument(
            f"{target.__qualname__} is marked with @pgjobs.register, so each call names its "
            "job, and the clock has no name for it. Mark it with @pgjobs.job instead."
        )
    if (interval is None) == (cron is None):
        raise InvalidArgument(
            f"{target.__qualname__} needs either interval= (minutes) or cron=, and not both."
        )
    kwargs = with_name(target, kwargs)
    _check_options(kwargs)
    options = {name: kwargs[name] for name in OPTIONS & kwargs.keys() - {"arguments"}}
    named = {name: value for name, value in kwargs.items() if name not in OPTIONS}
    check_options(target, named)
    arguments = gathered(kwargs.get("arguments"), named)
    check_all(target, arguments)
    codec.encode(arguments, "kwargs")
    _system_jobs[path_of(target)] = SystemJob(
        target=target,
        interval=None if interval is None else timedelta(minutes=check_interval(interval)),
        cron="" if cron is None else check_cron(cron),
        kwargs=arguments,
        options=options,
    )


def _check_options(kwargs: dict[str, Any]) -> None:
    """Raise InvalidArgument for an option that no system job has, and for a wrong value.

    No queue is looked up: the apps, which bring queues, may not be ready. ``check`` does it.
    """
    for name, why in _NEVER.items():
        if kwargs.get(name) not in (None, False, ""):
            raise InvalidArgument(
                f"{name}={brief(kwargs[name])} can't be an option of a system job. {why}"
            )
    for name, check in _NUMBERS.items():
        if kwargs.get(name) is not None:
            check(kwargs[name])
    check_text("queue_name", kwargs.get("queue_name"))
    check_notifications(kwargs.get("notifications"))
    check_meta(kwargs.get("meta"))
    _check_user(kwargs.get("user"))


def _check_user(user: Any) -> None:
    # A lazy user is read from the database, which may have no tables yet.
    if user is not None and not isinstance(user, LazyObject):
        from pgjobs.enqueueing.references import user_key  # it imports models, as a user does

        user_key(user)
