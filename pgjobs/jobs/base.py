"""``BackgroundJob``: the class that a plugin author writes subclasses of."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.apps import apps
from django.db import models

from pgjobs.jobs.system import register_system_job
from pgjobs.registry.job_class import JobClass
from pgjobs.rows.notes import Progress, logger_for_run

if TYPE_CHECKING:
    from pgjobs.models import Job
    from pgjobs.models.job_queryset import JobQuerySet


class BackgroundJob(JobClass):
    """A kind of job: subclass it in an app's ``jobs.py`` and write ``run()``.

    ``run()`` may be a coroutine. It reads ``self.job`` (the row) and
    ``self.job.object``, writes to ``self.logger``, and ends by returning (the job
    is completed), raising ``JobFailed`` (failed) or raising anything else (errored).
    """

    job: Job

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
    def get_jobs(cls, instance: models.Model | None = None) -> JobQuerySet[Job]:
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


def _job_model() -> type[Job]:
    # Asked for late: job classes are declared before the models are loaded.
    return apps.get_model("pgjobs", "Job")
