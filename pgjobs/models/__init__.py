"""The tables: jobs and their logs, schedules, workers, pauses, orders, registered names, alerts,
the journal, saved views.
"""

from pgjobs.models.alert import AlertState
from pgjobs.models.job import Job
from pgjobs.models.journal import JournalEntry
from pgjobs.models.log import JobLogEntry
from pgjobs.models.mixins import JobsMixin
from pgjobs.models.pause import Pause
from pgjobs.models.registry_entry import RegistryEntry
from pgjobs.models.saved_view import SavedView
from pgjobs.models.schedule import Schedule
from pgjobs.models.worker import WorkerProcess
from pgjobs.models.worker_facts import WorkerFacts
from pgjobs.models.worker_order import WorkerOrder

__all__ = [
    "AlertState",
    "Job",
    "JobLogEntry",
    "JobsMixin",
    "JournalEntry",
    "Pause",
    "RegistryEntry",
    "SavedView",
    "Schedule",
    "WorkerFacts",
    "WorkerOrder",
    "WorkerProcess",
]
