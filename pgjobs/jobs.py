"""Job classes: what a plugin author writes, and the registry that lets rows name them."""

from __future__ import annotations

import inspect
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard, TypeVar

from asgiref.sync import sync_to_async
from django.apps import apps
from django.db import models

from pgjobs.exceptions import InvalidArgument, UnknownJobClass
from pgjobs.notes import Progress, logger_for_run
from pgjobs.options import JobOptions
from pgjobs.system_jobs import register_system_job

if TYPE_CHECKING:
    from pgjobs.models import Job
    from pgjobs.querysets import JobQuerySet


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
        check_target(cls)
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


def _job_model() -> type[Job]:
    # Asked for late: job classes are declared before the models are loaded.
    return apps.get_model("pgjobs", "Job")
