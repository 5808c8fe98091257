"""``BackgroundJob``, the base class of job classes."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.calls import job_model
from pgjobs.jobs.options import check_numbers
from pgjobs.registry.meta import JobOptions
from pgjobs.registry.parameters import refuse_positional_only
from pgjobs.rows.notes import Progress, logger_for_run
from pgjobs.showing import brief

if TYPE_CHECKING:
    from pgjobs.jobs.signatures import Calls, JobOf, M
    from pgjobs.models import Job
    from pgjobs.models.job_queryset import JobQuerySet
else:
    from pgjobs.jobs.calls import Calls, M


class BackgroundJob(Calls[M]):
    """A kind of job. Write a subclass with a ``run()`` in the ``jobs.py`` of an app.

    ``run()`` receives the keyword arguments of ``enqueue()`` and may be a coroutine. It
    can read the row as ``self.job`` and its object as ``self.job.object``, and write to
    ``self.logger``. If it returns, the job is completed. If it raises ``JobFailed``, the
    job has failed. If it raises another exception, the job is tried again while it has
    attempts left, and then it is errored.

    Options stand in ``class Meta``: see ``JobOptions``. ``BackgroundJob[Site]`` tells type
    checkers that ``self.job.object`` is a ``Site``.
    """

    job: JobOf[M]
    """The row of the job that runs."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # First: the base class registers what it accepts.
        check_numbers(JobOptions.of(cls), f"{cls.__qualname__}.Meta: ")
        refuse_positional_only(cls, cls.__qualname__)
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

    # Existing jobs ------------------------------------------------------------------

    @classmethod
    def get_jobs(cls, instance: M | None = None) -> JobQuerySet[Job]:
        """Return the jobs of this class: all, or only the jobs about ``instance``."""
        jobs = job_model().objects.filter(job_class=cls.path)
        return jobs if instance is None else jobs.for_object(instance)

    @classmethod
    def handle(cls, job: Job, *args: Any, **kwargs: Any) -> None:
        """Run the waiting ``job`` in this thread, as a worker does, and record its outcome.

        If ``args`` or ``kwargs`` are given, they replace the stored arguments for this run. Raises
        InvalidArgument for what is no row.
        """
        if not isinstance(job, job_model()):
            raise InvalidArgument(f"job must be a row of Job, not {brief(job)}.")
        if args or kwargs:
            job.args, job.kwargs = list(args), kwargs
        job.run_here()


JobRunner = BackgroundJob
"""NetBox's later name for the same class."""
