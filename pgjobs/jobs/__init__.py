"""Job classes, system jobs and registered functions, for the projects that write them."""

from pgjobs.jobs.base import BackgroundJob, JobRunner
from pgjobs.jobs.current import CurrentJob, current_job
from pgjobs.jobs.functions import job
from pgjobs.jobs.system import system_job
from pgjobs.registry.names import register

__all__ = [
    "BackgroundJob",
    "CurrentJob",
    "JobRunner",
    "current_job",
    "job",
    "register",
    "system_job",
]
