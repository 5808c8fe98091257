"""``BackgroundJob``, the base class of job classes."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.apps import apps
from django.db import models

from pgjobs.jobs.options import check_numbers
from pgjobs.jobs.system import register_system_job
from pgjobs.registry.job_class import JobClass
from pgjobs.rows.notes import Progress, logger_for_run

if TYPE_CHECKING:
    from pgjobs.models import Job
    from pgjobs.models.job_queryset import JobQuerySet


class BackgroundJob(JobClass):
    """A kind of job. Write a subclass with a ``run()`` in the ``jobs.py`` of an app.

    ``run()`` receives the keyword arguments of ``enqueue()`` and may be a coroutine. It
    can read the row as ``self.job`` and its object as ``self.job.object``, and write to
    ``self.logger``. If it returns, the job is completed. If it raises ``JobFailed``, the
    job has failed. If it raises another exception, the job is tried again while it has
    attempts left, and then it is errored.

    Options stand in ``class Meta``: see ``JobOptions``.
    """

    job: Job
    """The row of the job that runs."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        check_numbers(cls)  # first: the base class registers what it accepts
        super().__init_subclass__(**kwargs)

    @cached_property
    def logger(self) -> logging.Logger:
        """A logger that writes to the job's log and to the logger ``pgjobs.jobs.<Class>``.

        The log can be read while the job runs.
        """
        return logger_for_run(f"pgjobs.jobs.{type(self).__name__}", self.job.log)

    def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Store how far the job has come: ``done`` of ``total``, and a ``message``.

        The row shows it about half a second later. Raises ValueError for a number that is not
        finite.
        """
        self.job.note(Progress.of(self.job.pk, self.job.epoch, done, total, message))

    # Enqueueing ---------------------------------------------------------------

    @classmethod
    def enqueue(cls, instance: models.Model | None = None, /, **kwargs: Any) -> Job:
        """Insert a job of this class and return it; see ``Job.enqueue`` for the arguments.

        ``instance`` may also be given by its name. There is no ``name`` argument: the job has
        the name of its class.
        """
        return _job_model().enqueue(cls, instance, **kwargs)

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
        return _job_model().enqueue_once(cls, instance, **kwargs)

    @classmethod
    def enqueue_many(cls, /, jobs: Iterable[Any], **kwargs: Any) -> list[int]:
        """Insert a job for each item of ``jobs`` with COPY and return the ids, in order.

        An item is a dict of keyword arguments for ``run()``, a model instance (the
        object of the job), or a pair of instance and dict. ``kwargs`` are arguments of
        ``enqueue()`` and hold for all jobs. If one item is wrong, InvalidArgument is
        raised and no job is inserted. The signal ``job_enqueued`` is not sent.
        """
        return _job_model().enqueue_many(cls, jobs, **kwargs)

    @classmethod
    async def aenqueue(cls, instance: models.Model | None = None, /, **kwargs: Any) -> Job:
        """Do the same as ``enqueue()``, for coroutines."""
        return await sync_to_async(partial(cls.enqueue, instance, **kwargs))()

    @classmethod
    async def aenqueue_once(cls, instance: models.Model | None = None, /, **kwargs: Any) -> Job:
        """Do the same as ``enqueue_once()``, for coroutines."""
        return await sync_to_async(partial(cls.enqueue_once, instance, **kwargs))()

    @classmethod
    def setup(cls, *, interval: int | None = None, cron: str | None = None, **kwargs: Any) -> None:
        """Make this class a system job that runs every ``interval`` minutes or by ``cron``.

        ``kwargs`` go to ``run()``. Call this in ``AppConfig.ready()``: it only registers the
        rule and touches no database. The schedule takes effect when a worker starts.
        Raises InvalidArgument for a wrong rule.
        """
        register_system_job(cls, interval=interval, cron=cron, kwargs=kwargs)

    # Existing jobs ------------------------------------------------------------------

    @classmethod
    def get_jobs(cls, instance: models.Model | None = None) -> JobQuerySet[Job]:
        """Return the jobs of this class: all, or only the jobs about ``instance``."""
        jobs = _job_model().objects.filter(job_class=cls.path)
        return jobs if instance is None else jobs.for_object(instance)

    @classmethod
    def handle(cls, job: Job, *args: Any, **kwargs: Any) -> None:
        """Run the waiting ``job`` in this thread, as a worker does, and record its outcome.

        If ``args`` or ``kwargs`` are given, they replace the stored arguments for this run.
        """
        if args or kwargs:
            job.args, job.kwargs = list(args), kwargs
        job.run_here()


JobRunner = BackgroundJob
"""NetBox's later name for the same class."""


def _job_model() -> type[Job]:
    # Looked up at each call, because job classes are declared before the models are loaded.
    return apps.get_model("pgjobs", "Job")
