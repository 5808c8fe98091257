"""The values of a job's status, notifications and interval, with NetBox's labels and colours."""

from __future__ import annotations

from typing import Final

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class JobStatus(TextChoices):
    """The status of a job: NetBox's six statuses, and ``cancelled``."""

    PENDING = "pending", _("Pending")
    SCHEDULED = "scheduled", _("Scheduled")
    RUNNING = "running", _("Running")
    COMPLETED = "completed", _("Completed")
    ERRORED = "errored", _("Errored")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")

    @property
    def color(self) -> str:
        """The colour of the status, as NetBox names it."""
        return STATUS_COLORS[self.value]


STATUS_COLORS: Final = {
    "pending": "cyan",
    "scheduled": "gray",
    "running": "blue",
    "completed": "green",
    "errored": "red",
    "failed": "red",
    "cancelled": "yellow",
}

WAITING: Final = (JobStatus.PENDING, JobStatus.SCHEDULED)
LIVE: Final = (*WAITING, JobStatus.RUNNING)
FINISHED: Final = (
    JobStatus.COMPLETED,
    JobStatus.ERRORED,
    JobStatus.FAILED,
    JobStatus.CANCELLED,
)


MODES: Final = ("worker", "inline", "manual")
"""What ``enqueue()`` does beside inserting the row: it wakes an idle worker, runs the job, or does
nothing. Plain texts, because each call compares them, and a member of an enum takes three times as
long."""


class JobNotification(TextChoices):
    """When the user of a job is notified of the job's end: see ``pgjobs.notifications``."""

    ALWAYS = "always", _("Always")
    ON_FAILURE = "on_failure", _("On failure")
    NEVER = "never", _("Never")


class JobIsolation(TextChoices):
    """Where the jobs of a class run in a worker."""

    THREAD = "thread", _("Thread")
    """In a thread of the worker, beside other jobs."""
    PROCESS = "process", _("Process")
    """In a process that runs one job after the other."""
    FRESH_PROCESS = "fresh_process", _("Fresh process")
    """In a process that ends with the job."""


class JobInterval(IntegerChoices):
    """Common intervals in minutes, from NetBox. An interval can be any whole number of minutes."""

    MINUTELY = 1, _("Minutely")
    HOURLY = 60, _("Hourly")
    TWELVE_HOURLY = 720, _("12 hours")
    DAILY = 1440, _("Daily")
    WEEKLY = 10080, _("Weekly")
    MONTHLY = 43200, _("30 days")
