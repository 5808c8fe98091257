"""The job that runs here, and the calls that steer a job by its id."""

from __future__ import annotations

from typing import Any

from pgjobs import choices
from pgjobs.compat.rq import options
from pgjobs.compat.rq.connection import check_connection
from pgjobs.compat.rq.errors import InvalidJobOperation
from pgjobs.compat.rq.jobs import Job
from pgjobs.execution.current import running_row


def get_current_job(connection: Any = None, job_class: Any = None) -> Job | None:
    """Return the job that runs here, or None outside a job. It reads nothing from the database."""
    check_connection(connection)
    options.refuse({"job_class": job_class})
    row = running_row()
    return None if row is None else Job(row)


def cancel_job(job_id: Any, connection: Any = None, **others: Any) -> None:
    """Cancel the job ``job_id``; see `Job.cancel`."""
    Job.fetch(job_id, connection).cancel(**others)


def requeue_job(job_id: Any, connection: Any = None, **others: Any) -> Job:
    """Requeue the failed job ``job_id``; see `Job.requeue`."""
    options.refuse(others)
    return Job.fetch(job_id, connection).requeue()


def send_stop_job_command(connection: Any, job_id: Any, **others: Any) -> None:
    """Tell the running job ``job_id`` to stop. Raises InvalidJobOperation if it does not run."""
    options.refuse(others)
    job = Job.fetch(job_id, connection)
    if job.row.status != choices.JobStatus.RUNNING:
        raise InvalidJobOperation(f"Job {job.id} is {job.row.status}: it does not run.")
    job.row.cancel()
