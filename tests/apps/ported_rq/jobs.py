"""The calls of RQ that public NetBox plugins make, written anew: only their imports name pgjobs."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from pgjobs.compat import rq as django_rq
from pgjobs.compat.rq import Job as RQJob
from pgjobs.compat.rq import (
    JobTimeoutException,
    Retry,
    StartedJobRegistry,
    Worker,
    get_connection,
    get_current_job,
    get_queue,
    job,
)
from pgjobs.netbox import JobRunner

QUEUE = django_rq.get_queue("low")
"""A queue that a module makes when it is imported."""


@job
def add(first: int, second: int = 0) -> int:
    return first + second


@job("high", timeout="10m", description="Import rows", meta={"rows": 0})
def import_rows(rows: list[Any], *, dry_run: bool = False) -> dict[str, Any]:
    """Tell how far it has come, for a page that asks for it."""
    own = get_current_job()
    assert own is not None
    for number in range(len(rows)):
        own.refresh()
        own.meta["rows"] = number + 1
        own.save_meta()
    again = get_current_job()
    return {"id": own.get_id(), "dry_run": dry_run, "rows": again and again.meta["rows"]}


@job(QUEUE)
def report_slowly(path: str) -> None:
    """Tell of its meta in mid-run, and wait until a file appears."""
    own = get_current_job()
    assert own is not None
    own.meta["progress"] = "half"
    own.save_meta()
    while not Path(path).exists():
        time.sleep(0.02)


@job
async def add_later(first: int, second: int) -> dict[str, Any]:
    own = get_current_job()
    return {"sum": first + second, "id": own and own.id}


@job("default", retry=Retry(max=2, interval=[0, 0]))
def fail(path: str) -> None:
    with Path(path).open("a") as file:
        file.write("tried\n")
    raise RuntimeError("the device does not answer")


@job
def give_another_try() -> Retry:
    return Retry(max=2)


@job
def end_cleanly(seconds: float) -> str:
    try:
        time.sleep(seconds)
        while True:
            time.sleep(0.02)
    except JobTimeoutException:
        own = get_current_job()
        assert own is not None
        own.meta["stopped"] = "cleanly"
        own.save_meta()
        raise


@job
def name_the_process() -> dict[str, Any]:
    own = get_current_job()
    return {"pid": os.getpid(), "id": own and own.id}


def unknown_to_workers(number: int) -> int:
    return number


class Device:
    def sync(self) -> None:
        pass


# A job of NetBox that looks whether an operator has stopped it.
class SyncPorts(JobRunner):
    class Meta:
        name = "Sync ports"

    def run(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        rq_job = RQJob.fetch(str(self.job.job_id), connection=get_connection("default"))
        own = get_current_job()
        return {
            "stopped": rq_job.is_stopped or rq_job.is_failed,
            "started": rq_job.is_started,
            "own": own == rq_job,
        }


def start_unless_running(number: int) -> RQJob | None:
    """Enqueue a job unless one of its kind runs or waits in this queue."""
    queue = get_queue("default", connection=get_connection())
    registries = (
        StartedJobRegistry(queue=queue),
        queue.scheduled_job_registry,
        queue.deferred_job_registry,
    )
    known = [RQJob.fetch(key) for registry in registries for key in registry.get_job_ids()]
    if any(each.func_name.endswith(".add") for each in [*known, *queue.jobs]):
        return None
    return queue.enqueue(add, number, second=1, job_timeout=3600)


def start_if_served(number: int) -> RQJob | str:
    """Refuse to enqueue what no worker would take."""
    if not Worker.count(get_connection(), queue=get_queue("default")):
        return "no worker"
    return add.delay(number)


def start_later(number: int) -> RQJob:
    return get_queue("low").enqueue_in(timedelta(hours=1), add, number)
