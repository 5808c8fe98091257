"""A bulk action outlives the processes that carry it, and changes each job once.

A run retries some thousand jobs; widen it with MODEL_EXAMPLES=1000.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Final

import pytest
from django.db import transaction

from pgjobs import events
from pgjobs.models import Job, JournalEntry, Pause, WorkerProcess
from pgjobs.steering import bulk
from pgjobs.steering.actor import Actor
from pgjobs.steering.selection import Selection
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.liveness.bulk_actions import BulkActions
from tests.apps.testapp.jobs import Noop
from tests.support.elsewhere import elsewhere
from tests.support.engine import OpenConnection
from tests.support.environment import Environment, with_apps, with_settings
from tests.support.eventually import eventually
from tests.support.sql import query
from tests.support.told_events import ToldSoFar
from tests.support.warm_process import WarmProcess
from tests.support.worker_process import NERVOUS, RunningWorker, until_next_beat

JOBS: Final = max(3000, 10 * int(os.environ.get("MODEL_EXAMPLES", "0")))
ALL: Final = Selection(job_class=(Noop.path,))
ANN: Final = Actor.python("ann")


def failed_jobs(count: int) -> list[int]:
    rows = query(
        "INSERT INTO pgjobs_job (job_class, name, queue_name, status, started, completed) "
        "SELECT %s, 'Noop', 'default', 'failed', now(), now() FROM generate_series(1, %s) "
        "RETURNING id",
        Noop.path,
        count,
    )
    return sorted(row["id"] for row in rows)


@contextmanager
def held(*jobs: int) -> Iterator[None]:
    """Hold the rows of ``jobs``, so that no batch gets past them."""
    with transaction.atomic():
        query("SELECT FROM pgjobs_job WHERE id = ANY (%s) FOR UPDATE", list(jobs))
        yield


def the_action() -> JournalEntry:
    return JournalEntry.objects.get(verb="retry")


def carrier_after(done: int) -> str:
    """Return the carrier of the action, as soon as ``done`` jobs have changed."""
    entry = JournalEntry.objects.filter(verb="retry", done__gte=done).first()
    return entry.carrier if entry else ""


@pytest.fixture
def retries(empty_queue: None) -> Iterator[Callable[[], tuple[int, int]]]:
    """Return how many retries there were, and of how many jobs."""
    query(
        "CREATE TABLE retried (job bigint); "
        "CREATE FUNCTION note_retry() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN INSERT INTO retried VALUES (NEW.id); RETURN NULL; END'; "
        "CREATE TRIGGER note_retry AFTER UPDATE ON pgjobs_job FOR EACH ROW "
        "WHEN (NEW.status = 'pending' AND OLD.completed IS NOT NULL) EXECUTE FUNCTION note_retry()"
    )

    def counted() -> tuple[int, int]:
        (row,) = query("SELECT count(*) AS n, count(DISTINCT job) AS jobs FROM retried")
        return row["n"], row["jobs"]

    yield counted
    query("DROP TRIGGER note_retry ON pgjobs_job; DROP FUNCTION note_retry; DROP TABLE retried")


def status_counts() -> dict[str, int]:
    return Counter(Job.objects.values_list("status", flat=True))


def worker_id(worker: RunningWorker) -> int:
    return WorkerProcess.objects.get(pid=worker.pid).pk


def test_an_action_whose_carriers_are_killed_is_finished_and_no_job_is_retried_twice(
    child_environment: Environment, retries: Callable[[], tuple[int, int]]
) -> None:
    environment = with_settings(child_environment, **NERVOUS)
    oldest, *_ = failed_jobs(JOBS)
    with ExitStack() as stack:
        workers = [stack.enter_context(RunningWorker(environment)) for _ in range(2)]
        by_id = {worker_id(worker): worker for worker in workers}
        output = stack.enter_context(tempfile.TemporaryFile())
        # The batches begin with the newest jobs, and the oldest one is held: none can be the last.
        with held(oldest):
            words = ("pgjobs", "retry", "--class", "Noop", "--yes")
            command = WarmProcess(environment, *words, output=output.fileno())
            carrier = eventually(lambda: carrier_after(JOBS - 1000))
            assert carrier.startswith(f"process {command.pid} on ")
            command.kill()
            command.wait(10)
            survivor = eventually(lambda: the_action().carrier.partition("worker ")[2], timeout=30)
            by_id[int(survivor)].kill()
        eventually(lambda: the_action().state == "done", timeout=40)
        eventually(lambda: not Job.objects.live().exists())

    entry = the_action()
    assert entry.carrier.startswith("worker ")
    assert (entry.counted, entry.done, entry.refused) == (JOBS, JOBS, 0)
    assert retries() == (JOBS, JOBS)
    assert status_counts() == {"completed": JOBS}


def test_an_action_is_carried_by_a_worker_whose_queues_are_paused_and_can_be_cancelled(
    child_environment: Environment,
) -> None:
    jobs = failed_jobs(JOBS)
    for queue in ("high", "default", "low"):
        Pause.objects.create(kind="queue", name=queue)
    with RunningWorker(with_settings(child_environment, **NERVOUS)) as worker:
        worker.until_started()
        with held(*jobs[:1000]):
            entry = elsewhere(lambda: bulk.start("retry", ALL, by=ANN)).result(20)
            eventually(lambda: carrier_after(JOBS - 1000))
            cancelled = elsewhere(lambda: bulk.cancel_action(entry.pk, by=ANN))
            assert cancelled.result(20)
        worker.stop()

    entry.refresh_from_db()
    assert (entry.state, entry.done) == ("cancelled", JOBS - 1000)
    assert status_counts() == {"failed": 1000, "pending": JOBS - 1000}


def test_a_job_that_another_transaction_holds_is_passed_over(empty_queue: None) -> None:
    first, *_ = failed_jobs(3)
    with held(first):
        done = elsewhere(lambda: bulk.start("retry", ALL, by=ANN, here=True))
        entry = done.result(20)

    assert (entry.state, entry.done, entry.refused) == ("done", 2, 1)
    assert "lock timeout" in entry.error


def test_an_action_beside_a_worker_of_an_older_release_waits_for_a_newer_one_and_is_done_once(
    child_environment: Environment, retries: Callable[[], tuple[int, int]]
) -> None:
    environment = with_settings(child_environment, **NERVOUS)
    failed_jobs(JOBS)
    with RunningWorker(with_apps(environment, "aged")) as older:
        older.until_started()
        entry = bulk.start("retry", ALL, by=ANN)
        until_next_beat(WorkerProcess.objects.get(pid=older.pid))
        assert not bulk.is_taken(entry, within=2 * NERVOUS["HEARTBEAT_INTERVAL"])
        assert status_counts() == {"failed": JOBS}
        with RunningWorker(environment) as newer:
            carrier = f"worker {worker_id(newer)}"
            eventually(lambda: the_action().state == "done", timeout=40)
        # The older worker runs the jobs that the newer one has made pending.
        eventually(lambda: not Job.objects.live().exists(), timeout=40)

    entry = the_action()
    assert (entry.counted, entry.done, entry.carrier) == (JOBS, JOBS, carrier)
    assert retries() == (JOBS, JOBS)
    assert status_counts() == {"completed": JOBS}


def test_a_command_beside_a_worker_of_an_older_release_carries_its_action_out_itself(
    child_environment: Environment, retries: Callable[[], tuple[int, int]]
) -> None:
    failed_jobs(JOBS)
    with RunningWorker(with_apps(with_settings(child_environment, **NERVOUS), "aged")) as older:
        older.until_started()
        done = elsewhere(lambda: bulk.start("retry", ALL, by=ANN, here=True)).result(40)
        eventually(lambda: not Job.objects.live().exists(), timeout=40)

    assert (done.state, done.done) == ("done", JOBS)
    assert retries() == (JOBS, JOBS)
    assert status_counts() == {"completed": JOBS}


def looked(connection: EngineConnection) -> BulkActions:
    actions = BulkActions()
    actions.look(connection, 7)
    return actions


def test_a_worker_without_a_journal_goes_on(open_connection: OpenConnection) -> None:
    connection = open_connection()
    query("ALTER TABLE pgjobs_journal RENAME TO other_journal")
    try:
        looked(connection)
        assert connection.cursor().execute("SELECT 1").fetchone() == (1,)
    finally:
        query("ALTER TABLE other_journal RENAME TO pgjobs_journal")


@pytest.mark.usefixtures("empty_queue")
def test_an_action_that_cannot_go_on_is_told_once(
    open_connection: OpenConnection, told: ToldSoFar, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = bulk.enter("retry", Selection(ids=tuple(failed_jobs(1))), by=ANN)

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("pgjobs.worker.liveness.bulk_actions.carry", fail)
    connection, actions = open_connection(), BulkActions()
    actions.start()
    for _ in range(2):
        actions.look(connection, 7)
        eventually(lambda: actions.is_free)
    actions.stop(5)

    assert [event["action"] for event in told(events.BulkActionHalted)] == [entry.pk]


@contextmanager
def a_trigger_on_the_journal(act: str, when: str = "true") -> Iterator[None]:
    query(
        f"CREATE FUNCTION object() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {act}; END $$; "
        "CREATE TRIGGER object BEFORE UPDATE ON pgjobs_journal "
        f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION object()"
    )
    try:
        yield
    finally:
        query("DROP FUNCTION object CASCADE")


@pytest.mark.usefixtures("empty_queue")
@pytest.mark.parametrize(
    "act",
    ["RAISE 'the journal is for ever' USING ERRCODE = 'check_violation'", "RETURN OLD"],
)
def test_an_action_whose_entry_a_trigger_keeps_changes_no_job_and_holds_up_no_other_action(
    child_environment: Environment, act: str
) -> None:
    first, second = failed_jobs(2)
    with RunningWorker(with_settings(child_environment, **NERVOUS)) as worker:
        worker.until_started()
        me = worker_id(worker)
        kept = bulk.enter("delete", Selection(ids=(first,)), by=ANN)
        with a_trigger_on_the_journal(act, f"OLD.id = {kept.pk}"):
            other = bulk.enter("delete", Selection(ids=(second,)), by=ANN)
            worker.until_told(events.BulkActionHalted, action=kept.pk)
            eventually(lambda: JournalEntry.objects.filter(pk=other.pk, state="done").exists())
            assert Job.objects.filter(pk=first).exists()
        eventually(lambda: JournalEntry.objects.filter(pk=kept.pk, state="done").exists())
        assert worker_id(worker) == me
        assert worker.told(events.DatabaseAway) == []
    assert not Job.objects.exists()


@pytest.mark.usefixtures("empty_queue")
def test_a_trigger_of_the_journal_that_takes_long_delays_no_heartbeat(
    child_environment: Environment,
) -> None:
    (job,) = failed_jobs(1)
    slow = "PERFORM pg_sleep(5); RETURN NEW"
    with (
        RunningWorker(with_settings(child_environment, **NERVOUS)) as worker,
        a_trigger_on_the_journal(slow),
    ):
        worker.until_started()
        entry = bulk.enter("delete", Selection(ids=(job,)), by=ANN)
        ended = JournalEntry.objects.filter(pk=entry.pk, state="done")
        silences = []
        while not ended.exists():
            (row,) = query("SELECT max(now() - heartbeat) AS silence FROM pgjobs_worker")
            silences.append(row["silence"])
            time.sleep(0.1)
    assert max(silences) < timedelta(seconds=NERVOUS["HEARTBEAT_TIMEOUT"])
