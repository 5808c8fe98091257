"""The process that claims, runs and records jobs."""

from pgjobs.worker.companion import Companion
from pgjobs.worker.options import WorkerOptions
from pgjobs.worker.worker import Worker

__all__ = ["Companion", "Worker", "WorkerOptions"]
