"""Job classes: what a plugin author writes, and the registry that lets rows name them."""

from __future__ import annotations

import inspect
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard, TypeVar

from asgiref.sync import sync_to_async
from django.apps import apps
from django.db import models

from pgjobs import codec, queues, retry
from pgjobs.cron import check_cron
from pgjobs.exceptions import InvalidArgument, UnknownJobClass
from pgjobs.notes import Progress, logger_for_run

if TYPE_CHECKING:
    from pgjobs.models import Job
    from pgjobs.querysets import JobQuerySet


_DEFAULT_BACKOFF = retry.exponential()

ExceptionClasses = type[BaseException] | tuple[type[BaseException], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What ``class Meta`` of a job class says; each can be overridden by ``enqueue()``."""

    name: str = ""
    """What people read; the class's own name when left out. Inherited, as in NetBox."""
    description: str = ""
    queue: str | None = None
    """The queue, before ``QUEUE_MAPPINGS`` is asked."""
    priority: int = 0
    """Order inside one queue; larger is sooner; -32768 to 32767."""
    timeout: int | None = None
    """Seconds; ``PGJOBS["DEFAULT_TIMEOUT"]`` when left out."""
    max_attempts: int = 1
    """Tries altogether, the first included."""
    backoff: retry.Backoff = _DEFAULT_BACKOFF
    """From the attempt that failed to the wait before the next; see ``pgjobs.retry``."""
    retry_on: ExceptionClasses = Exception
    """Exceptions that are worth another attempt."""
    fail_on: ExceptionClasses = ()
    """Exceptions that end the job as failed, whatever attempts are left."""
    on_interrupt: str = "requeue"
    """What becomes of a job whose worker died: ``requeue``, or ``error`` for work that must not
    be repeated."""
    atomic: bool = False
    """Commit the work and the job's completion in one transaction: database effects happen
    exactly once, whatever dies."""

    @classmethod
    def of(cls, job_class: type) -> JobOptions:
        """Read ``Meta`` along the class's ancestry, the nearest saying of each option winning."""
        said: dict[str, Any] = {}
        for ancestor in reversed(job_class.__mro__):
            if (meta := vars(ancestor).get("Meta")) is not None:
                # Not getattr(): a backoff written as a method of Meta must stay a function.
                said |= {key: value for key, value in _attributes(meta) if key[0] != "_"}
        known = [field.name for field in fields(cls)]
        for option in said:
            if option not in known:
                raise TypeError(
                    f"{job_class.__qualname__}.Meta has {option!r}, which is not an option of a "
                    f"job class. The options are: {', '.join(known)}."
                )
        if said.get("on_interrupt", "requeue") not in ("requeue", "error"):
            raise TypeError(
                f"{job_class.__qualname__}.Meta.on_interrupt must be 'requeue' or 'error', "
                f"not {said['on_interrupt']!r}."
            )
        for option in ("retry_on", "fail_on"):
            if not _are_exceptions(said.get(option, ())):
                raise TypeError(
                    f"{job_class.__qualname__}.Meta.{option} must be an exception class or a tuple "
                    f"of them, not {said[option]!r}."
                )
        return cls(**said)


def _are_exceptions(given: Any) -> bool:
    classes = given if isinstance(given, tuple) else (given,)
    return all(isinstance(each, type) and issubclass(each, BaseException) for each in classes)


def _attributes(meta: type) -> Iterator[tuple[str, Any]]:
    for ancestor in reversed(meta.__mro__):
        yield from vars(ancestor).items()


class BackgroundJob(ABC):
    """A kind of job: subclass it in an app's ``jobs.py`` and write ``run()``.

    ``run()`` may be a coroutine. It reads ``self.job`` (the row) and
    ``self.job.object``, writes to ``self.logger``, and ends by returning (the job
    is completed), raising ``JobFailed`` (failed) or raising anything else (errored).
    """

    options: ClassVar[JobOptions] = JobOptions()
    path: ClassVar[str] = ""
    """The dotted path under which rows name this class."""
    name: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.options = JobOptions.of(cls)
        cls.name = cls.options.name or cls.__name__
        cls.path = f"{cls.__module__}.{cls.__qualname__}"
        if cls.options.atomic and inspect.iscoroutinefunction(cls.run):
            raise TypeError(f"{cls.__qualname__} is atomic, so its run() can't be a coroutine.")
        if not getattr(cls.run, "__isabstractmethod__", False):
            _registry[cls.path] = cls

    def __init__(self, job: Job) -> None:
        self.job = job

    @abstractmethod
    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Do the work. What it returns, if it is JSON, is kept as ``job.result``."""

    @cached_property
    def logger(self) -> logging.Logger:
        """Writes to the job's log, readable while it runs, and to ``pgjobs.jobs.<Class>``."""
        return logger_for_run(f"pgjobs.jobs.{type(self).__name__}", self.job.log)

    def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Say how far the job has come; shown in the job's row within half a second or so."""
        self.job.note(Progress.of(self.job.pk, self.job.epoch, done, total, message))

    # Enqueueing ---------------------------------------------------------------

    @classmethod
    def enqueue(cls, instance: models.Model | None = None, **kwargs: Any) -> Job:
        """Insert a job of this class; see ``Job.enqueue`` for the arguments.

        There is no ``name`` argument: a job of a class bears the class's name.
        """
        return _job_model().enqueue(cls, instance, **kwargs)

    @classmethod
    def enqueue_once(cls, instance: models.Model | None = None, **kwargs: Any) -> Job:
        """Make sure that exactly one live job of this class exists for ``instance``.

        A live one with the same ``schedule_at`` (or none asked) and the same
        ``interval`` is returned as it is. A waiting one that differs is replaced. A
        running one is left alone, and its successor follows the new rule. Jobs made
        by ``enqueue()`` are neither counted nor touched.
        """
        return _job_model().enqueue_once(cls, instance, **kwargs)

    @classmethod
    def enqueue_many(cls, jobs: Iterable[Any], **kwargs: Any) -> list[int]:
        """Insert a job for each of ``jobs`` with COPY, all or none, and return their ids in order.

        An item is a dict of keyword arguments for ``run()``, a model instance (the
        job's object), or a pair of both. ``kwargs`` are those of ``enqueue()`` and hold
        for all. ``job_enqueued`` is not sent.
        """
        return _job_model().enqueue_many(cls, jobs, **kwargs)

    @classmethod
    async def aenqueue(cls, instance: models.Model | None = None, **kwargs: Any) -> Job:
        """``enqueue()`` for coroutines."""
        return await sync_to_async(cls.enqueue)(instance, **kwargs)

    @classmethod
    async def aenqueue_once(cls, instance: models.Model | None = None, **kwargs: Any) -> Job:
        """``enqueue_once()`` for coroutines."""
        return await sync_to_async(cls.enqueue_once)(instance, **kwargs)

    @classmethod
    def setup(cls, *, interval: int | None = None, cron: str | None = None, **kwargs: Any) -> None:
        """Make this a system job, run every ``interval`` minutes or by ``cron``.

        For ``AppConfig.ready()``: it only registers, and touches no database. The
        schedule takes effect when a worker starts. ``kwargs`` reach ``run()``.
        """
        register_system_job(cls, interval=interval, cron=cron, kwargs=kwargs)

    # Looking ------------------------------------------------------------------

    @classmethod
    def get_jobs(cls, instance: models.Model | None = None) -> JobQuerySet:
        """Return the jobs of this class: those of ``instance``, or all when it is None."""
        jobs = _job_model().objects.filter(job_class=cls.path)
        return jobs if instance is None else jobs.for_object(instance)

    @classmethod
    def handle(cls, job: Job, *args: Any, **kwargs: Any) -> None:
        """Run the waiting ``job`` here and now, as a worker would, and record its outcome.

        ``args`` and ``kwargs``, where given, take the place of the stored ones.
        """
        if args or kwargs:
            job.args, job.kwargs = list(args), kwargs
        job.run_here()


JobRunner = BackgroundJob
"""NetBox's later name for the same class."""

JobTarget = type[BackgroundJob] | Callable[..., Any]
F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=type[BackgroundJob])


# The registry ------------------------------------------------------------------

_registry: dict[str, JobTarget] = {}


def register(func: F) -> F:
    """Allow a module-level function as a job: ``Job.enqueue(func, name=…)``.

    It is called as ``func(job=job, **kwargs)``.
    """
    if "<locals>" in func.__qualname__:
        raise TypeError(f"{func.__qualname__} is not at module level, so a worker can't find it.")
    _registry[path_of(func)] = func
    return func


def registered() -> dict[str, JobTarget]:
    """Return what rows may name, by dotted path."""
    return dict(_registry)


def path_of(target: Any) -> str:
    """Return the dotted path under which rows name ``target``; empty for what has none."""
    module, name = getattr(target, "__module__", ""), getattr(target, "__qualname__", "")
    return f"{module}.{name}" if name else ""


def resolve(path: str) -> JobTarget:
    """Return the job class or function registered as ``path``. Nothing is ever imported here:
    a row can only name what the worker's own code registered."""
    try:
        return _registry[path]
    except KeyError:
        raise UnknownJobClass(
            f"The job class {path!r} is not registered in this worker. Is its app in "
            "INSTALLED_APPS, and does the app's jobs.py import it?"
        ) from None


def is_job_class(target: Any) -> TypeGuard[type[BackgroundJob]]:
    """Tell job classes from functions."""
    # Asked several times for each job, and issubclass() is slow where the base is abstract.
    return isinstance(target, type) and BackgroundJob in target.__mro__


def options_of(target: JobTarget) -> JobOptions:
    """Return what the ``Meta`` of ``target`` says; a function has none."""
    return target.options if is_job_class(target) else JobOptions()


def check_target(target: Any) -> JobTarget:
    """Return the job class or function that ``target`` means, ``SomeJob.handle`` included."""
    if inspect.ismethod(target) and target.__name__ == "handle":
        target = target.__self__  # NetBox: Job.enqueue(MyJob.handle, …)
    known = _registry.get(path_of(target)) if callable(target) else None
    if known is not None and known is target:
        return known
    if is_job_class(target):
        raise InvalidArgument(
            f"{target.__qualname__} has no run() method, so it can't be enqueued."
        )
    raise InvalidArgument(
        f"{target!r} is not a BackgroundJob class, nor a function marked with @pgjobs.register."
    )


# System jobs ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemJob:
    """A job class that runs by the clock, bound to no object."""

    job_class: type[BackgroundJob]
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
    job_class: type[BackgroundJob],
    *,
    interval: int | None,
    cron: str | None,
    kwargs: dict[str, Any],
) -> None:
    """Remember the rule; the clock writes it to the database when a worker starts."""
    if (interval is None) == (cron is None):
        raise InvalidArgument(
            f"{job_class.__qualname__} needs either interval= (minutes) or cron=, and not both."
        )
    check_target(job_class)
    codec.encode(kwargs, "kwargs")
    _system_jobs[job_class.path] = SystemJob(
        job_class=job_class,
        interval=None if interval is None else timedelta(minutes=check_interval(interval)),
        cron="" if cron is None else check_cron(cron),
        kwargs=kwargs,
    )


_INTERVALS = range(1, 2**31)


def check_interval(interval: Any) -> int:
    """Return ``interval`` as whole minutes that the column can hold, or raise InvalidArgument."""
    if isinstance(interval, bool) or not isinstance(interval, int) or interval not in _INTERVALS:
        raise InvalidArgument(
            f"interval must be a whole number of minutes from {_INTERVALS[0]} to "
            f"{_INTERVALS[-1]}, not {interval!r}."
        )
    return int(interval)


def _job_model() -> type[Job]:
    # Asked for late: job classes are declared before the models are loaded.
    return apps.get_model("pgjobs", "Job")
