"""The process that claims, runs and records jobs."""

from pgjobs.worker.options import WorkerOptions
from pgjobs.worker.worker import Companion, Worker

__all__ = ["Companion", "Worker", "WorkerOptions"]
