from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tasks_monitor import retry
from tasks_monitor.models import TaskRecord
from tasks_monitor.stats import dashboard

from tests.integrations.monitored import tasks


def enqueue(name: str, *args: Any) -> str:
    return str(getattr(tasks, name).enqueue(*args).id)


def record_of(result: str) -> dict[str, Any]:
    record = TaskRecord.objects.get(result_id=result)
    return {
        "status": record.status,
        "task": record.task_name,
        "queue": record.queue_name,
        "priority": record.priority,
        "args": record.args,
        "attempts": record.attempts,
        "workers": record.worker_ids,
        "in_order": _in_order(record.enqueued_at, record.started_at, record.finished_at),
        "duration": None if record.duration is None else record.duration.total_seconds(),
        "exception": record.exception_class,
        "traceback": record.traceback,
        "retry_of": None if record.retry_of is None else record.retry_of.result_id,
    }


def _in_order(*moments: Any) -> bool:
    return None not in moments and list(moments) == sorted(moments)


def retry_task(result: str) -> str:
    return str(retry.retry(TaskRecord.objects.get(result_id=result)).result_id)


def write_file(name: str, content: str) -> None:
    (Path(os.environ["PROJECT_DIRECTORY"]) / name).write_text(content)


def counts() -> dict[str, int]:
    shown = dashboard()
    return {name: shown[name] for name in ("succeeded", "failed", "running", "waiting")}
