from __future__ import annotations

from typing import Any

from django_scheduled_tasks.models import ScheduledTaskRunLog

from tests.integrations.periodic import tasks


def last_result() -> str | None:
    """Return the id of the task that the scheduler enqueued last."""
    log = ScheduledTaskRunLog.objects.filter(task_name__endswith="hourly").first()
    return None if log is None else log.last_run_task_id


def value_of(result: str) -> Any:
    return tasks.hourly.get_result(result).return_value
