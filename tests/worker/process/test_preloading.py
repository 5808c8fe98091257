"""``--preload``: the project is loaded once, and the worker processes are forked from it."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from pgjobs import events
from pgjobs.management.worker_options import refuse_preload_elsewhere
from pgjobs.models import Job
from tests.apps.testapp.jobs import Held, Noop
from tests.apps.testapp.models import Trace
from tests.apps.unruly.jobs import LeavesAChild
from tests.support import traces
from tests.support.environment import Environment, with_apps, with_settings
from tests.support.eventually import eventually
from tests.support.job_status import until_status
from tests.support.preloaded import with_jobs_module, workers, zygote_of
from tests.support.processes import children_of, is_alive
from tests.support.worker_process import NERVOUS, InstalledWorker

pytestmark = pytest.mark.django_db(transaction=True)


def own_kilobytes(pid: int) -> int:
    """Return the memory that no other process shares."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(map(int, re.findall(r"^Private_\w+: +(\d+)", rollup, re.MULTILINE)))


def test_the_processes_share_the_memory_of_the_project(child_environment: Environment) -> None:
    with InstalledWorker(child_environment, "-p", "3", "--preload", "-c", "1") as worker:
        pids = workers(3)
        assert set(children_of(worker.process.pid)) == {*pids, zygote_of(worker)}
        for pid in pids:
            assert own_kilobytes(pid) < own_kilobytes(worker.process.pid) / 2
        until_status(Noop.enqueue(), "completed")
        assert worker.stop() == 0
    assert not any(map(is_alive, pids))


def test_a_process_that_is_killed_is_replaced_and_its_job_rescued(
    child_environment: Environment,
) -> None:
    job = Held.enqueue()
    with InstalledWorker(child_environment, "--preload", "-c", "1") as worker:
        traces.until("started")
        first = worker.pid
        os.kill(first, signal.SIGKILL)
        traces.until("started", 2)
        assert worker.told(events.ChildEnded, code=-signal.SIGKILL)
        assert not is_alive(first)
        traces.release()
        until_status(job, "completed")
        assert worker.stop() == 0
    job.refresh_from_db()
    assert (job.attempt, job.interruptions) == (1, 1)


def test_a_zygote_that_is_killed_costs_no_job(child_environment: Environment) -> None:
    job = Held.enqueue()
    with InstalledWorker(
        child_environment, "--preload", "-c", "1", "--max-jobs-per-child", "1"
    ) as worker:
        traces.until("started")
        os.kill(zygote_of(worker), signal.SIGKILL)
        traces.release()
        until_status(job, "completed")
        until_status(Noop.enqueue(), "completed")
        assert worker.stop() == 0
    job.refresh_from_db()
    assert (job.epoch, job.interruptions) == (1, 0)


def test_no_process_outlives_a_supervisor_that_is_killed(child_environment: Environment) -> None:
    with InstalledWorker(child_environment, "-p", "2", "--preload") as worker:
        pids = [*workers(2), zygote_of(worker)]
        worker.process.send_signal(signal.SIGKILL)
        eventually(lambda: not any(map(is_alive, pids)))


def test_a_burst_ends_with_the_last_job(child_environment: Environment) -> None:
    Noop.enqueue_many({} for _ in range(5))
    with InstalledWorker(child_environment, "-p", "2", "--preload", "--burst") as worker:
        assert worker.wait(60) == 0
    assert set(Job.objects.values_list("status", flat=True)) == {"completed"}


def test_orphans_of_jobs_are_reaped(child_environment: Environment) -> None:
    """The supervisor is the parent of what a dead worker leaves, as process 1 would be."""
    job = LeavesAChild.enqueue()
    environment = with_apps(with_settings(child_environment, **NERVOUS), "unruly")
    with InstalledWorker(environment, "--preload", "-c", "1") as worker:
        until_status(job, "completed", timeout=60)
        forked = Trace.objects.filter(label="forked").order_by("id")
        orphan, child_of_the_living = (trace.job_id or 0 for trace in forked)
        assert orphan in children_of(worker.process.pid)
        os.kill(orphan, signal.SIGKILL)
        eventually(lambda: orphan not in children_of(worker.process.pid))
        os.kill(child_of_the_living, signal.SIGKILL)
        assert worker.stop() == 0


def test_threads_that_the_project_starts_are_told_of(
    child_environment: Environment, tmp_path: Path
) -> None:
    code = (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(600,), name='poller', daemon=True).start()\n"
    )
    environment = with_jobs_module(child_environment, tmp_path, code)
    with InstalledWorker(environment, "--preload", "--burst") as worker:
        assert worker.wait(60) == 0
        assert "do not have them: poller." in worker.output


def test_elsewhere_than_on_linux_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    refuse_preload_elsewhere({"preload": False})
    with pytest.raises(CommandError, match="--preload needs Linux"):
        refuse_preload_elsewhere({"preload": True})
