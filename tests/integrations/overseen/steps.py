from __future__ import annotations

from typing import Any

from overseer.adapters.base import get_adapter
from overseer.models import Job, Run, Schedule
from overseer.scheduling.scheduler import run_now
from overseer.scheduling.sync import sync_schedules

from pgjobs.models import Job as OurJob
from tests.integrations.overseen import tasks


def enqueue(name: str, *args: Any) -> str:
    return str(getattr(tasks, name).enqueue(*args).id)


def runs_of(name: str) -> list[list[Any]]:
    """Return attempt, status, exception and value of each run of a task, in their order."""
    runs = Run.objects.filter(job__task_name=name).order_by("pk")
    return [[run.attempt, run.status, run.exception_class, run.return_value] for run in runs]


def job_of(name: str) -> list[Any]:
    job = Job.objects.filter(task_name=name).latest("created_at")
    return [job.status, job.attempts]


def seconds_until_retry(name: str) -> float:
    """Return how much later than its failure Overseer's retry is due by pgjobs' own row."""
    waiting = OurJob.objects.get(name=name, status="scheduled")
    failed = Run.objects.get(job__task_name=name, attempt=1)
    return float((waiting.scheduled - failed.finished_at).total_seconds())


def depth() -> int | None:
    depth: int | None = get_adapter("default").queue_depth("default")
    return depth


def cancel(result: str) -> bool:
    run = Run.objects.get(result_id=result)
    return bool(get_adapter(run.backend).cancel(run))


def trigger_schedule() -> str:
    sync_schedules()
    job = run_now(Schedule.objects.get(task_path__endswith="every_minute"))
    return str(job.source)
