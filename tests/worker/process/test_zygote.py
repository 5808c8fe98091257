"""The zygote of ``--preload`` in trouble: odd projects, deaths, and signals at the wrong moment."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path
from typing import Final

import pytest

from pgjobs import events
from pgjobs.models import Job, WorkerProcess
from pgjobs.steering.workers import restart
from tests.apps.testapp.jobs import Noop
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.job_status import until_status
from tests.support.preloaded import IN_ZYGOTE, with_jobs_module, workers, zygote_of, zygotes_of
from tests.support.processes import is_alive
from tests.support.worker_process import InstalledWorker

pytestmark = pytest.mark.django_db(transaction=True)

SAYS: Final = """
from pgjobs import BackgroundJob

class Says(BackgroundJob):
    def run(self):
        return {words!r}
"""
ISOLATED: Final = """
import os
from pgjobs import BackgroundJob

if "PGJOBS_FORK_SERVER" in os.environ:
    print("loaded once")

class Says(BackgroundJob):
    class Meta:
        isolation = "fresh_process"

    def run(self):
        return "said"
"""


def says() -> str:
    job = Job.objects.create(job_class="odd.jobs.Says", name="Says", queue_name="default")
    until_status(job, "completed", timeout=60)
    job.refresh_from_db()
    return str(job.result)


# Odd projects ---------------------------------------------------------------------------------


def test_a_text_that_the_project_prints_while_it_is_loaded_is_written_once(
    child_environment: Environment, tmp_path: Path
) -> None:
    environment = with_jobs_module(child_environment, tmp_path, IN_ZYGOTE + "print('loaded once')")
    environment.pop("PYTHONUNBUFFERED", None)
    with InstalledWorker(environment, "-p", "2", "--preload", "--burst") as worker:
        assert worker.wait(90) == 0
        assert worker.output.count("loaded once") == 1


def test_a_text_that_the_project_prints_in_a_fork_server_is_written_once(
    child_environment: Environment, tmp_path: Path
) -> None:
    environment = with_jobs_module(child_environment, tmp_path, ISOLATED)
    environment.pop("PYTHONUNBUFFERED", None)
    with InstalledWorker(environment) as worker:
        assert [says(), says()] == ["said", "said"]
        assert worker.stop() == 0
        assert worker.output.count("loaded once") == 1


def test_a_project_that_ignores_the_deaths_of_its_children_is_preloaded(
    child_environment: Environment, tmp_path: Path
) -> None:
    code = IN_ZYGOTE + "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)"
    with InstalledWorker(
        with_jobs_module(child_environment, tmp_path, code), "--preload"
    ) as worker:
        until_status(Noop.enqueue(), "completed", timeout=60)
        assert worker.told(events.ChildNotStarted) == []


# Deaths ---------------------------------------------------------------------------------------


def test_a_zygote_that_dies_is_reaped_and_another_one_loads_the_project(
    child_environment: Environment,
) -> None:
    with InstalledWorker(child_environment, "--preload") as worker:
        pids = workers(1)
        first = zygote_of(worker)
        os.kill(first, signal.SIGKILL)
        eventually(lambda: zygotes_of(worker) not in ([], [first]), timeout=60)
        assert len(zygotes_of(worker)) == 1
        assert worker.told(events.ZygoteEnded, code=-signal.SIGKILL)
        assert workers(1) == pids


def test_a_zygote_whose_supervisor_is_killed_while_it_loads_ends_although_a_thread_goes_on(
    child_environment: Environment, tmp_path: Path
) -> None:
    code = f"""
import os, threading, time
from pathlib import Path

folder = Path({str(tmp_path)!r})
if "PGJOBS_ZYGOTE" in os.environ:
    threading.Thread(target=time.sleep, args=(600,)).start()
    (folder / "number").write_text(str(os.getpid()))
    (folder / "number").rename(folder / "pid")
    while not (folder / "killed").exists():
        time.sleep(0.1)
"""
    environment = with_jobs_module(child_environment, tmp_path, code)
    with InstalledWorker(environment, "--preload") as worker:
        eventually((tmp_path / "pid").exists, timeout=60)
        zygote = int((tmp_path / "pid").read_text())
        worker.kill()
        worker.process.wait(20)
        (tmp_path / "killed").touch()
        try:
            eventually(lambda: not is_alive(zygote))
        finally:
            if is_alive(zygote):
                os.kill(zygote, signal.SIGKILL)
        assert "Traceback" not in worker.output


def test_a_fork_whose_first_half_is_killed_is_tried_again(
    child_environment: Environment, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    code = f"""
import os, signal

def die_once():
    try:
        os.remove({str(flag)!r})
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)

if "PGJOBS_ZYGOTE" in os.environ:
    os.register_at_fork(after_in_child=die_once)
"""
    with InstalledWorker(
        with_jobs_module(child_environment, tmp_path, code), "--preload"
    ) as worker:
        until_status(Noop.enqueue(), "completed", timeout=60)
        (failed,) = worker.told(events.ChildNotStarted)
    assert "No such process" in failed["error"]


def test_a_zygote_that_may_open_no_more_files_says_so_and_lives_on(
    child_environment: Environment,
) -> None:
    with InstalledWorker(child_environment, "--preload") as worker:
        (pid,) = workers(1)
        zygote = zygote_of(worker)
        before = resource.prlimit(zygote, resource.RLIMIT_NOFILE)
        resource.prlimit(zygote, resource.RLIMIT_NOFILE, (3, before[1]))
        os.kill(pid, signal.SIGKILL)
        failed = worker.until_told(events.ChildNotStarted)
        assert "Too many open files" in failed["error"]
        resource.prlimit(zygote, resource.RLIMIT_NOFILE, before)
        until_status(Noop.enqueue(), "completed", timeout=60)
        assert zygotes_of(worker) == [zygote]


# Orders and signals ---------------------------------------------------------------------------


def test_a_worker_that_is_ordered_to_restart_has_the_code_as_it_is_on_disk(
    child_environment: Environment, tmp_path: Path
) -> None:
    environment = with_jobs_module(child_environment, tmp_path, SAYS.format(words="old"))
    with InstalledWorker(environment, "--preload"):
        assert says() == "old"
        first = WorkerProcess.objects.get(stopped=None)
        (tmp_path / "odd" / "jobs.py").write_text(SAYS.format(words="new words"))
        restart([first.pk])
        eventually(lambda: not WorkerProcess.objects.filter(pk=first.pk, stopped=None).exists())
        assert says() == "new words"


def test_a_signal_to_a_process_that_has_just_been_forked_ends_it(
    child_environment: Environment, tmp_path: Path
) -> None:
    line = "os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), 15))"
    environment = with_jobs_module(child_environment, tmp_path, IN_ZYGOTE + line)
    with InstalledWorker(environment, "--preload") as worker:
        eventually(lambda: worker.told(events.ChildEnded, code=-signal.SIGTERM), timeout=60)
        assert worker.stop() == 0
