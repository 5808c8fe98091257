"""New code comes into a running worker: by --reload in development, by SIGUSR1 elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pgjobs import events
from pgjobs.models import Job, WorkerProcess
from tests.apps.testapp.jobs import Held, Noop
from tests.support import traces
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.job_status import until_status
from tests.support.worker_process import SupervisedWorker

pytestmark = pytest.mark.django_db(transaction=True)

CODE = """
from pgjobs import BackgroundJob

class Says(BackgroundJob):
    def run(self):
        return {words!r}
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """The module of a job class, in an app of its own."""
    (tmp_path / "changing").mkdir()
    (tmp_path / "changing" / "__init__.py").touch()
    path = tmp_path / "changing" / "jobs.py"
    path.write_text(CODE.format(words="old"))
    return path


@contextmanager
def a_worker_that_reloads(
    environment: Environment, module: Path, *arguments: str
) -> Iterator[None]:
    """Run the command as a person does; its children are new interpreters."""
    folder = str(module.parent.parent)
    path = os.pathsep.join([environment["PYTHONPATH"], folder])
    environment = {**environment, "EXTRA_APPS": "changing", "PYTHONPATH": path}
    command = [sys.executable, "-m", "django", "pgjobs_worker", "--reload", *arguments]
    with tempfile.TemporaryFile() as output:
        worker = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            yield
            worker.terminate()
            output.seek(0)
            assert worker.wait(30) == 0, output.read().decode()
        finally:
            worker.kill()
            worker.wait(20)


def says() -> str:
    job = Job.objects.create(job_class="changing.jobs.Says", name="Says", queue_name="default")
    until_status(job, "completed", timeout=60)
    job.refresh_from_db()
    return str(job.result)


@pytest.mark.parametrize("arguments", [(), ("--preload",)])
def test_a_worker_runs_new_code_after_a_source_file_has_changed(
    child_environment: Environment, module: Path, arguments: tuple[str, ...]
) -> None:
    with a_worker_that_reloads(child_environment, module, *arguments):
        assert says() == "old"
        first = WorkerProcess.objects.get(stopped=None)

        module.write_text("this is no Python")
        eventually(lambda: not WorkerProcess.objects.filter(pk=first.pk, stopped=None).exists())
        module.write_text(CODE.format(words="new"))

        assert says() == "new"


def test_a_worker_that_is_renewed_lets_its_jobs_end(child_environment: Environment) -> None:
    job = Held.enqueue()
    with SupervisedWorker(child_environment) as worker:
        traces.until("started")
        first = WorkerProcess.objects.get(stopped=None)
        for _ in range(2):
            worker.process.send_signal(signal.SIGUSR1)
            eventually(lambda: WorkerProcess.objects.filter(pk=first.pk, draining=True).exists())
        traces.release()
        until_status(job, "completed")
        until_status(Noop.enqueue(), "completed")
        job.refresh_from_db()
        assert (job.epoch, job.attempt, job.interruptions) == (1, 1, 0)
        assert WorkerProcess.objects.get(stopped=None) != first
        assert worker.stop() == 0


def test_a_worker_that_is_told_to_stop_while_it_is_renewed_lets_its_jobs_end(
    child_environment: Environment,
) -> None:
    job = Held.enqueue()
    with SupervisedWorker(child_environment) as worker:
        traces.until("started")
        worker.process.send_signal(signal.SIGUSR1)
        worker.until_told(events.WorkerStopping)
        worker.terminate()
        traces.release()
        assert worker.wait() == 0
    job.refresh_from_db()
    assert (job.status, job.epoch, job.interruptions) == ("completed", 1, 0)
