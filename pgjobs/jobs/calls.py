"""The calls of a job class that enqueue its jobs. Type checkers read ``signatures.pyi`` instead."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import sync_to_async
from django.apps import apps
from django.db import models

from pgjobs.enqueueing.arguments import with_name
from pgjobs.jobs.system import register_system_job
from pgjobs.registry.job_class import JobClass

if TYPE_CHECKING:
    from pgjobs.models import Job

M = TypeVar("M")
"""The model of the jobs' objects."""


class Calls(JobClass):
    """The part of ``BackgroundJob`` that enqueues."""

    def __class_getitem__(cls, model: Any) -> type[Calls]:
        """Return the class itself: ``BackgroundJob[Site]`` says more to type checkers alone."""
        return cls

    @classmethod
    def enqueue(cls, instance: models.Model | None = None, /, **kwargs: Any) -> Job:
        """Insert a job of this class and return it; see ``Job.enqueue`` for the arguments.

        ``instance`` may also be given by its name. There is no ``name`` argument: the job has
        the name of its class.
        """
        return job_model().enqueue(cls, instance, **with_name(cls, kwargs))

    @classmethod
    def enqueue_once(cls, instance: models.Model | None = None, /, **kwargs: Any) -> Job:
        """Make sure that exactly one live job of this class holds the place of ``instance``.

        If no live job holds the place, insert a job and return it. If a live job holds it:

        - A job with the same ``interval``, and with the same ``schedule_at`` if one is given,
          is returned unchanged.
        - Another waiting job is replaced by a new job.
        - Another running job is returned, and its successor follows the new arguments.

        Jobs of ``enqueue()`` hold no place.
        """
        return job_model().enqueue_once(cls, instance, **with_name(cls, kwargs))

    @classmethod
    def enqueue_many(cls, /, jobs: Iterable[Any], **kwargs: Any) -> list[int]:
        """Insert a job for each item of ``jobs`` with COPY and return the ids, in order.

        An item is a dict of keyword arguments for ``run()``, a model instance (the
        object of the job), or a pair of instance and dict. ``kwargs`` are arguments of
        ``enqueue()`` and hold for all jobs. If one item is wrong, InvalidArgument is
        raised and no job is inserted. The signal ``job_enqueued`` is not sent.
        """
        return job_model().enqueue_many(cls, jobs, **with_name(cls, kwargs))

    @classmethod
    async def aenqueue(cls, instance: models.Model | None = None, /, **kwargs: Any) -> Job:
        """Do the same as ``enqueue()``, for coroutines."""
        return await sync_to_async(partial(cls.enqueue, instance, **kwargs))()

    @classmethod
    async def aenqueue_once(cls, instance: models.Model | None = None, /, **kwargs: Any) -> Job:
        """Do the same as ``enqueue_once()``, for coroutines."""
        return await sync_to_async(partial(cls.enqueue_once, instance, **kwargs))()

    @classmethod
    def setup(
        cls, /, *, interval: int | None = None, cron: str | None = None, **kwargs: Any
    ) -> None:
        """Make this class a system job that runs every ``interval`` minutes or by ``cron``.

        ``kwargs`` go to ``run()``. Call this in ``AppConfig.ready()``: it only registers the
        rule and touches no database. The schedule takes effect when a worker starts.
        Raises InvalidArgument for a wrong rule.
        """
        register_system_job(cls, interval=interval, cron=cron, kwargs=kwargs)


def job_model() -> type[Job]:
    """Return the model of the rows.

    It is looked up at each call, because jobs are declared before the models are loaded.
    """
    return apps.get_model("pgjobs", "Job")
