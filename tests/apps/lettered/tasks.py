"""Tasks of a project whose default backend is not that of pgjobs."""

from __future__ import annotations

from collections.abc import Iterator

from pgjobs.tasks import task
from tests.apps.testapp.jobs import leave_trace


@task
def greet(name: str) -> str:
    leave_trace(f"greeted {name}")
    return f"Dear {name}"


@task(queue_name="letters")
def post(name: str) -> None:
    """Needs a queue that only the default backend has."""
    leave_trace(f"posted to {name}")


@task
def drip() -> Iterator[str]:
    """Can't be a job."""
    yield "drop"
