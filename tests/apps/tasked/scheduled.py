"""A task that runs by the clock."""

from __future__ import annotations

from pgjobs.tasks import task
from tests.apps.testapp.jobs import leave_trace


@task(interval=1, queue_name="high")
def every_minute(label: str = "by the clock") -> None:
    leave_trace(label)
