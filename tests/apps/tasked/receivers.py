"""Receivers that write what they heard of a task, and in which order."""

from __future__ import annotations

import sys
from typing import Any

from pgjobs.tasks.framework import (
    task_backends,
    task_enqueued,
    task_finished,
    task_started,
)
from tests.apps.testapp.jobs import leave_trace


def connect() -> None:
    task_enqueued.connect(_enqueued)
    task_started.connect(_started)
    task_finished.connect(_finished)


def _enqueued(task_result: Any, **_: Any) -> None:
    leave_trace(f"enqueued {task_result.id}")


def _started(task_result: Any, **_: Any) -> None:
    leave_trace(f"started {task_result.id}")


def _finished(task_result: Any, **_: Any) -> None:
    """Tell also what the row says, and which exception is handled at this moment."""
    stored = task_backends[task_result.backend].get_result(task_result.id)
    error = sys.exc_info()[0]
    handled = "" if error is None else f" {error.__name__}"
    leave_trace(f"finished {task_result.id} {stored.status}{handled}")
