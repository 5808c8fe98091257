"""The parent process: it replaces children that end too early, and no child outlives it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from django.db import connection, transaction

from pgjobs import events
from pgjobs.models import Job, WorkerProcess
from pgjobs.worker.process.child import EXIT_AGAIN, EXIT_BROKEN, WELL
from pgjobs.worker.process.supervisor import Supervisor
from tests.apps.testapp.jobs import Held, KillsItsWorker, Tracing
from tests.apps.testapp.models import Trace
from tests.apps.unruly.jobs import (
    Closes,
    Exits,
    ExitsOnceReleased,
    Hoards,
    LeavesAChild,
    TakesTheNumbers,
)
from tests.support import traces
from tests.support.environment import Environment, with_settings
from tests.support.eventually import eventually
from tests.support.job_status import status_of, until_status
from tests.support.processes import children_of, is_alive
from tests.support.sql import query
from tests.support.told_events import ToldSoFar
from tests.support.worker_process import InstalledWorker, SupervisedWorker, supervised_unruly_worker


def statuses() -> list[str]:
    return list(Job.objects.order_by("id").values_list("status", flat=True))


def open_sockets(pid: int) -> list[str]:
    targets = (os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir())
    return [target for target in targets if target.startswith("socket:")]


def two_at_work(
    environment: Environment, *arguments: str, kind: type[SupervisedWorker] = SupervisedWorker
) -> SupervisedWorker:
    """Return a worker of two processes, each of which runs a held job."""
    for _ in range(2):
        Held.enqueue()
    return kind(environment, "-p", "2", "-c", "1", *arguments)


def until_both_run() -> None:
    traces.until("started", 2)


def test_two_processes_are_two_workers_and_drain_together(child_environment: Environment) -> None:
    with two_at_work(child_environment, "--name", "twins", kind=InstalledWorker) as worker:
        until_both_run()
        living = WorkerProcess.objects.filter(stopped=None)
        assert sorted(living.values_list("name", flat=True)) == ["twins.1", "twins.2"]
        pids = set(traces.pids("started"))
        assert pids == set(living.values_list("pid", flat=True))
        assert pids == set(children_of(worker.process.pid))
        worker.interrupt()
        eventually(lambda: len(worker.told(events.WorkerStopping)) == 2)
        assert statuses() == ["running", "running"]
        traces.release()
        assert worker.wait() == 0
    assert statuses() == ["completed", "completed"]
    assert not WorkerProcess.objects.filter(stopped=None).exists()


def test_a_child_shares_neither_connections_nor_ctrl_c_with_its_supervisor(
    child_environment: Environment,
) -> None:
    with InstalledWorker(child_environment) as worker:
        assert os.getpgid(worker.pid) != os.getpgid(worker.process.pid)
        assert open_sockets(worker.process.pid) == []
        assert open_sockets(worker.pid)


def test_a_second_signal_ends_all_children_without_waiting(child_environment: Environment) -> None:
    with two_at_work(child_environment) as worker:
        until_both_run()
        worker.terminate()
        eventually(lambda: len(worker.told(events.WorkerStopping)) == 2)
        assert worker.stop(10) == 1
    charges = Job.objects.values_list("status", "attempt", "interruptions")
    assert list(charges) == [("pending", 0, 0)] * 2


def test_a_child_that_is_killed_is_replaced_and_its_sibling_left_alone(
    child_environment: Environment,
) -> None:
    # The child's lock tells of its death: with this lease, no silent heartbeat would tell of it in
    # time.
    with two_at_work(with_settings(child_environment, HEARTBEAT_TIMEOUT=600)) as worker:
        until_both_run()
        victim, sibling = traces.pids("started")
        os.kill(victim, signal.SIGKILL)
        traces.until("started", 3)
        assert sibling in children_of(worker.process.pid)
        assert victim not in children_of(worker.process.pid)
        traces.release()
        eventually(lambda: statuses() == ["completed", "completed"])
    assert sorted(Job.objects.values_list("interruptions", flat=True)) == [0, 1]


def test_a_child_that_is_killed_while_it_drains_is_not_replaced(
    child_environment: Environment,
) -> None:
    Held.enqueue()
    with SupervisedWorker(child_environment) as worker:
        traces.until("started")
        worker.terminate()
        worker.until_told(events.WorkerStopping)
        os.kill(worker.pid, signal.SIGKILL)
        assert worker.wait(10) == 1
        assert not worker.told(events.ChildEnded)


@pytest.mark.parametrize("code", [0, EXIT_AGAIN])
def test_a_child_that_a_job_ends_while_it_drains_has_not_ended_well(
    child_environment: Environment, code: int
) -> None:
    ExitsOnceReleased.enqueue(code=code)
    with supervised_unruly_worker(child_environment) as worker:
        traces.until("started")
        worker.terminate()
        worker.until_told(events.WorkerStopping)
        traces.release()
        assert worker.wait(10) == 1


def test_a_child_that_keeps_dying_is_replaced_after_ever_longer_waits(
    child_environment: Environment,
) -> None:
    for _ in range(8):
        KillsItsWorker.enqueue()
    with SupervisedWorker(child_environment, "-c", "1") as worker:
        eventually(lambda: len(restarts(worker)) >= 4, timeout=60)
        waits = restarts(worker)
        assert worker.stop(10) == 0
    # Each wait doubles, with a jitter.
    assert 0 < waits[0] < waits[2]
    assert 0 < waits[1] < waits[3]


def restarts(worker: SupervisedWorker) -> list[float]:
    return [ended["delay"] for ended in worker.told(events.ChildEnded)]


def test_a_child_is_replaced_after_its_number_of_jobs(child_environment: Environment) -> None:
    for _ in range(5):
        Tracing.enqueue()
    with SupervisedWorker(child_environment, "--max-jobs-per-child", "2") as worker:
        traces.until("ran", 5, timeout=40)
        pids = traces.pids("ran")
        eventually(lambda: restarts(worker) == [0.0, 0.0])
        assert worker.stop(10) == 0
    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]


def test_a_child_that_grows_too_large_is_replaced_when_its_jobs_have_ended(
    child_environment: Environment,
) -> None:
    with supervised_unruly_worker(child_environment, "--max-memory-per-child", "400") as worker:
        first = worker.pid
        held = Held.enqueue()
        Tracing.enqueue(label="before")
        Hoards.enqueue(mebibytes=400)
        worker.until_told(events.WorkerStopping)
        assert status_of(held) == "running"
        traces.release()
        Tracing.enqueue(label="after")
        traces.until("after")
    held.refresh_from_db()
    assert (held.status, held.epoch) == ("completed", 1)
    assert traces.pids("before") == [first]
    assert traces.pids("after") != [first]


def test_a_child_whose_supervisor_is_killed_ends(child_environment: Environment) -> None:
    with two_at_work(child_environment) as worker:
        until_both_run()
        children = children_of(worker.process.pid)
        worker.process.send_signal(signal.SIGKILL)
        eventually(lambda: not any(is_alive(pid) for pid in children))
    assert len(children) == 2


def test_a_child_that_is_frozen_is_ended_and_replaced(child_environment: Environment) -> None:
    job = Held.enqueue()
    environment = with_settings(child_environment, HEARTBEAT_INTERVAL=0.5, HEARTBEAT_TIMEOUT=2)
    with SupervisedWorker(environment) as worker:
        traces.until("started")
        os.kill(worker.pid, signal.SIGSTOP)
        worker.until_told(events.ChildSilent)
        traces.until("started", 2)
        assert not is_alive(worker.pid)
        traces.release()
        eventually(lambda: statuses() == ["completed"])
    job.refresh_from_db()
    assert (job.epoch, job.attempt, job.interruptions) == (2, 1, 1)


@pytest.mark.parametrize("everything", [False, True])
def test_a_job_that_closes_the_files_of_its_process_does_not_stop_the_work(
    child_environment: Environment, everything: bool
) -> None:
    Closes.enqueue(everything=everything)
    with supervised_unruly_worker(child_environment, "-c", "1"):
        traces.until("closes")
        after = Tracing.enqueue()
        until_status(after, "completed")


def test_no_sign_of_life_is_written_to_a_file_that_a_job_opened_under_the_number_of_its_pipe(
    child_environment: Environment, tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    job = TakesTheNumbers.enqueue(path=str(taken))
    with supervised_unruly_worker(child_environment, "-c", "1") as worker:
        worker.until_told(events.ChildEnded)  # by this, or by a thread that lost its socket
        until_status(job, "completed")
    assert WELL not in taken.read_bytes()


@pytest.mark.parametrize("option", [["--burst"], ["--max-jobs", "5"]])
def test_a_child_that_a_job_ends_with_exit_code_0_has_not_ended_well(
    child_environment: Environment, option: list[str]
) -> None:
    Exits.enqueue(code=0)
    others = [Tracing.enqueue() for _ in range(5)]
    with supervised_unruly_worker(child_environment, "-c", "1", *option) as worker:
        assert worker.wait(60) == 0
        assert worker.told(events.ChildEnded, code=0)
    assert [status_of(job) for job in others] == ["completed"] * 5


def test_a_killed_child_is_replaced_and_stopped_although_a_process_that_it_forked_lives(
    child_environment: Environment,
) -> None:
    job = LeavesAChild.enqueue()
    lease = {"HEARTBEAT_INTERVAL": 0.5, "HEARTBEAT_TIMEOUT": 2}
    try:
        with supervised_unruly_worker(child_environment, "-c", "1", **lease) as worker:
            worker.until_told(events.ChildEnded, code=-signal.SIGKILL)
            # The forked process holds the lost worker's connection, hence its lock: silence tells.
            until_status(job, "completed")
            assert worker.stop(10) == 0
    finally:
        for pid in Trace.objects.filter(label="forked").values_list("job_id", flat=True):
            assert pid is not None
            os.kill(pid, signal.SIGKILL)


def test_a_child_that_weighs_too_much_before_its_first_job_is_replaced_with_a_backoff(
    child_environment: Environment,
) -> None:
    with SupervisedWorker(child_environment, "--max-memory-per-child", "5") as worker:
        ended = worker.until_told(events.ChildEnded, code=EXIT_BROKEN)
        assert worker.stop(10) == 0
    assert ended["delay"] > 0
    assert "--max-memory-per-child 5 is less than" in ended["reason"]


def test_a_child_that_can_not_be_started_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, told: ToldSoFar
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    supervisor = Supervisor(processes=1, shutdown_timeout=1, silence=15)
    end = events.listen(events.ChildNotStarted, lambda _: supervisor.stop())
    with signals_given_back():
        assert supervisor.run() == 0
    end()
    (failed,) = told(events.ChildNotStarted)
    assert "nowhere" in failed["error"]


@contextmanager
def signals_given_back() -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


# Reports to systemd and probes ----------------------------------------------------------------


def is_newer(file: Path, than: int) -> bool:
    return file.stat().st_mtime_ns > than


def test_the_liveness_file_of_a_living_worker_is_touched_repeatedly(
    child_environment: Environment, tmp_path: Path
) -> None:
    file = tmp_path / "alive"
    with SupervisedWorker(child_environment, "--liveness-file", str(file)) as worker:
        eventually(file.exists, timeout=30)
        for _ in range(2):
            eventually(partial(is_newer, file, file.stat().st_mtime_ns))
        assert worker.process.poll() is None


def test_a_liveness_file_whose_directory_is_removed_leaves_the_worker_alone(
    child_environment: Environment, tmp_path: Path
) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    with SupervisedWorker(child_environment, "--liveness-file", f"{directory}/alive") as worker:
        eventually((directory / "alive").exists, timeout=30)
        shutil.rmtree(directory)
        worker.until_told(events.LivenessFileFailed)
        until_status(Tracing.enqueue(), "completed")
        directory.mkdir()
        eventually((directory / "alive").exists)
        assert worker.stop(10) == 0


def test_a_worker_whose_heartbeat_a_trigger_refuses_says_so_and_is_not_well(
    child_environment: Environment, tmp_path: Path
) -> None:
    file = tmp_path / "alive"
    environment = with_settings(child_environment, HEARTBEAT_INTERVAL=0.5, HEARTBEAT_TIMEOUT=2)
    with SupervisedWorker(environment, "--liveness-file", str(file)) as worker:
        eventually(file.exists, timeout=30)
        query(
            "CREATE FUNCTION project_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE 'refused'; END $$; "
            "CREATE TRIGGER project_refuse BEFORE UPDATE ON pgjobs_worker FOR EACH ROW "
            "EXECUTE FUNCTION project_refuse()"
        )
        try:
            worker.until_told(events.WorkerStuck, part="presence")
            file.unlink()
            time.sleep(2.5)
            assert not file.exists()
        finally:
            query("DROP FUNCTION project_refuse CASCADE")
        eventually(file.exists)


def test_a_worker_that_waits_for_a_lock_for_a_whole_lease_says_so_and_is_not_well(
    child_environment: Environment, tmp_path: Path
) -> None:
    file = tmp_path / "alive"
    environment = with_settings(child_environment, HEARTBEAT_INTERVAL=0.5, HEARTBEAT_TIMEOUT=2)
    with SupervisedWorker(environment, "--liveness-file", str(file)) as worker:
        eventually(file.exists, timeout=30)
        with transaction.atomic():
            connection.cursor().execute("LOCK TABLE pgjobs_pause")
            worker.until_told(events.WorkerStuck, part="claiming")
            assert worker.process.poll() is None
        until_status(Tracing.enqueue(), "completed")
        assert worker.stop(10) == 0


@contextmanager
def systemd(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address.replace("@", "\0", 1) if address[0] == "@" else address)
        listener.settimeout(30)
        yield listener


@pytest.mark.parametrize("name", ["{tmp}/notify@host", "@pgjobs-test-{pid}"])
def test_systemd_is_told_of_readiness_life_and_stopping(
    child_environment: Environment, tmp_path: Path, name: str
) -> None:
    address = name.format(tmp=tmp_path, pid=os.getpid())
    environment = {**child_environment, "NOTIFY_SOCKET": address}
    with systemd(address) as listener, SupervisedWorker(environment) as worker:
        assert listener.recv(100) == b"READY=1"
        assert listener.recv(100) == b"WATCHDOG=1"
        worker.terminate()
        said = {listener.recv(100)}
        while b"STOPPING=1" not in said:
            said.add(listener.recv(100))
        assert worker.wait(10) == 0
    assert said <= {b"WATCHDOG=1", b"STOPPING=1"}
