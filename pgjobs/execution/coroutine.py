"""Which jobs an event loop can run without a thread."""

from __future__ import annotations

import inspect
from functools import cache

from pgjobs import codec
from pgjobs.exceptions import UnknownJobClass
from pgjobs.execution.running_job import RunningJob
from pgjobs.registry.job_class import JobClass
from pgjobs.registry.names import JobTarget, resolve
from pgjobs.registry.targets import is_job_class
from pgjobs.signals import job_start


def is_all_coroutine(job: RunningJob) -> bool:
    """Return whether every step of an attempt of ``job`` can run on an event loop.

    A heavy job, a last chance, an argument that names a row, and a receiver of ``job_start`` may
    wait for the database. On the loop all other coroutines would wait too.
    """
    try:
        if not _is_coroutine_function(resolve(job.job_class)):
            return False
        if job.is_heavy or job.is_last_chance:
            return False
        asks = (job.args and codec.names_model(job.args)) or (
            job.kwargs and codec.names_model(job.kwargs)
        )
    except (UnknownJobClass, RecursionError):
        return False
    return not (asks or job_start.receivers)


@cache
def _is_coroutine_function(target: JobTarget) -> bool:
    if not is_job_class(target):
        return inspect.iscoroutinefunction(target)
    is_plain = target.__init__ is JobClass.__init__
    return is_plain and inspect.iscoroutinefunction(target.run)
