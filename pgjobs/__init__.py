"""Background jobs for any Django project on PostgreSQL alone.

The public interface consists of the names below and of the modules ``pgjobs.models``,
``pgjobs.plugins``, ``pgjobs.signals`` and ``pgjobs.exceptions``. The models are not imported here,
because Django loads them only after it has imported all apps.
"""

from pgjobs.choices import JobInterval, JobNotification, JobStatus
from pgjobs.exceptions import JobCancelled, JobFailed, JobTimeout, Retry, Snooze
from pgjobs.jobs import BackgroundJob, CurrentJob, JobRunner, current_job, job, register, system_job
from pgjobs.signals import job_end, job_enqueued, job_rescued, job_start

__all__ = [
    "BackgroundJob",
    "CurrentJob",
    "JobCancelled",
    "JobFailed",
    "JobInterval",
    "JobNotification",
    "JobRunner",
    "JobStatus",
    "JobTimeout",
    "Retry",
    "Snooze",
    "current_job",
    "job",
    "job_end",
    "job_enqueued",
    "job_rescued",
    "job_start",
    "register",
    "system_job",
]
