from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.tasks import task
from django_scheduled_tasks import cron_task, periodic_task


@periodic_task(interval=timedelta(hours=1), call_args=(1, (2, 3)), call_kwargs={"label": "hourly"})
@task
def hourly(number: int, pair: list[int], *, label: str) -> list[Any]:
    return [number, pair, label]


@cron_task(cron_schedule="0 0 1 1 *")
@task
def yearly() -> None: ...
