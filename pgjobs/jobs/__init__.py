"""Job classes, system jobs and registered functions, for the projects that write them."""

from pgjobs.jobs.base import BackgroundJob, JobRunner
from pgjobs.jobs.system import system_job
from pgjobs.registry.names import register

__all__ = ["BackgroundJob", "JobRunner", "register", "system_job"]
