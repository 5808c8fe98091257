from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from django.tasks import task

from pgjobs import retry
from pgjobs.tasks import task as task_of_pgjobs


@task
def add(first: int, second: int) -> int:
    return first + second


@task(priority=5)
def import_file(name: str) -> int:
    """Return the length of a file; raise FileNotFoundError if it is missing."""
    return len((Path(os.environ["PROJECT_DIRECTORY"]) / name).read_bytes())


@task_of_pgjobs(max_attempts=3, backoff=retry.constant(timedelta()))
def always_breaks() -> None:
    raise ConnectionError("It is away.")
