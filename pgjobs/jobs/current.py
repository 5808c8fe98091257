"""``current_job()``: how a function, a task or a helper reaches the job that runs it."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING

from pgjobs.execution.current import running_row
from pgjobs.rows.notes import Progress, logger_for_run

if TYPE_CHECKING:
    from pgjobs.models import Job


class CurrentJob:
    """The job that runs here, with what ``self`` of a job class has."""

    def __init__(self, job: Job) -> None:
        self.job = job
        """The row of the job."""

    @cached_property
    def logger(self) -> logging.Logger:
        """A logger that writes to the job's log and to the logger ``pgjobs.jobs.<function>``."""
        name = self.job.job_class.rpartition(".")[2]
        return logger_for_run(f"pgjobs.jobs.{name}", self.job.log)

    def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Store how far the job has come: ``done`` of ``total``, and a ``message``.

        The row shows it about half a second later. Raises ValueError for a number that is not
        finite.
        """
        self.job.note(Progress.of(self.job.pk, self.job.epoch, done, total, message))


def current_job() -> CurrentJob | None:
    """Return the job that this thread or coroutine runs; None outside a job.

    It reads nothing from the database. A thread that the job itself starts runs no job, unless it
    is started with the context of the job, as by ``asyncio.to_thread()``.
    """
    row = running_row()
    return None if row is None else CurrentJob(row)
