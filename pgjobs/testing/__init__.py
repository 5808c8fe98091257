"""A test kit for projects that use pgjobs: see ``docs/testing.md``.

The names are loaded when they are first used. So pytest can load ``pgjobs.testing.fixtures`` before
Django is set up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from pgjobs.testing.assertions import assert_enqueued, enqueued, refute_enqueued
    from pgjobs.testing.job_run import JobRun
    from pgjobs.testing.mixin import JobsTestMixin
    from pgjobs.testing.running import fire_schedules, run_job, run_jobs
    from pgjobs.testing.travelling import Travel, time_travel
    from pgjobs.testing.worker_thread import LiveWorker, live_worker

__all__ = [
    "JobRun",
    "JobsTestMixin",
    "LiveWorker",
    "Travel",
    "assert_enqueued",
    "enqueued",
    "fire_schedules",
    "live_worker",
    "refute_enqueued",
    "run_job",
    "run_jobs",
    "time_travel",
]

_MODULES: Final = {
    "assertions": ("assert_enqueued", "enqueued", "refute_enqueued"),
    "worker_thread": ("LiveWorker", "live_worker"),
    "job_run": ("JobRun",),
    "mixin": ("JobsTestMixin",),
    "running": ("fire_schedules", "run_job", "run_jobs"),
    "travelling": ("Travel", "time_travel"),
}
_PATHS: Final = {
    name: f"{__name__}.{module}.{name}" for module, names in _MODULES.items() for name in names
}


def __getattr__(name: str) -> Any:
    if name not in _PATHS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_string(_PATHS[name])
