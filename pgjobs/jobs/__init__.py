"""What people write: job classes, system jobs, registered functions."""

from pgjobs.jobs.base import BackgroundJob, JobRunner
from pgjobs.jobs.system import system_job
from pgjobs.registry.names import register

__all__ = ["BackgroundJob", "JobRunner", "register", "system_job"]
