"""The engine's statements walk their index: 100,000 jobs wait, 1,000,000 have finished."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.queues import DEFAULT_QUEUES
from pgjobs.rows import statements
from pgjobs.rows.accepted import already_recorded
from pgjobs.rows.notes import LogLine, Note, Progress
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from pgjobs.sql import load
from pgjobs.worker.claiming.claimer import Claimer
from pgjobs.worker.claiming.promoter import PROMOTE
from pgjobs.worker.connection import EngineConnection

pytestmark = pytest.mark.django_db
Plan = dict[str, Any]

_FILL = """
ALTER TABLE pgjobs_job SET (autovacuum_enabled = false);
INSERT INTO pgjobs_job (job_class, name, queue_name, status, started, completed)
SELECT 'a', 'a', 'default', 'completed', t, t
FROM generate_series(1, 1000000) AS n, LATERAL (SELECT now() - n * interval '1 second') AS x (t);
INSERT INTO pgjobs_job (job_class, name, queue_name, priority)
SELECT 'a', 'a',
    CASE WHEN n % 10 = 0 THEN 'low' ELSE 'default' END,
    CASE WHEN n % 100 = 1 THEN 5 ELSE 0 END
FROM generate_series(1, 100000) AS n;
INSERT INTO pgjobs_job (job_class, name, queue_name, status, scheduled)
SELECT 'a', 'a', 'default', 'scheduled', now() + (n - 100) * interval '1 second'
FROM generate_series(1, 20000) AS n;
INSERT INTO pgjobs_worker (id, name, hostname, pid, queues, concurrency)
VALUES (1, 'w', 'h', 1, '{}', 1);
ANALYZE pgjobs_job;
"""
_EMPTY = """
TRUNCATE pgjobs_job, pgjobs_worker CASCADE;
ALTER TABLE pgjobs_job RESET (autovacuum_enabled);
ANALYZE pgjobs_job;
"""


# The statistics are as after an ANALYZE in the middle of a large transaction that fills an empty
# table: many pages and no visible row. The planner believes them until the next ANALYZE, a minute
# later.
_SEEN_EMPTY = """
UPDATE pg_class SET reltuples = 0
WHERE oid = 'pgjobs_job'::regclass
    OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'pgjobs_job'::regclass);
DELETE FROM pg_statistic WHERE starelid = 'pgjobs_job'::regclass;
"""


class Explained(psycopg.Cursor[Any]):
    """Explains each statement, undoing its effects, before it executes the statement.

    PostgreSQL plans a prepared statement once for all parameters when it expects this plan to be as
    good, and psycopg prepares statements, so generic plans matter as much.
    """

    generic = False
    plans: list[Plan]

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        with self.connection.transaction(force_rollback=True):
            explain = psycopg.Cursor(self.connection)
            if self.generic:
                self._prepare(explain, query, params or {})
                query_to_explain, given = self._execute_prepared(params or {}), None
            else:
                query_to_explain, given = query, params
            explain.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query_to_explain}", given)
            row = explain.fetchone()
            assert row is not None
            self.plans.append(row[0][0]["Plan"])
        return super().execute(query, params, **options)

    def _prepare(self, cursor: psycopg.Cursor[Any], query: str, params: dict[str, Any]) -> None:
        numbers = {name: f"${number}" for number, name in enumerate(params, 1)}
        numbered = re.sub(r"%\((\w+)\)s", lambda found: numbers[found[1]], query)
        cursor.execute("DEALLOCATE ALL")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE explained AS {numbered.replace('%%', '%')}".encode())

    def _execute_prepared(self, params: dict[str, Any]) -> str:
        literals = psycopg.ClientCursor(self.connection).mogrify(
            ", ".join("%s" for _ in params), list(params.values())
        )
        return f"EXECUTE explained ({literals})" if params else "EXECUTE explained"


class Engine:
    """One of the engine's connections inside a transaction, and the plans that it got."""

    def __init__(self, *, generic: bool) -> None:
        self.plans: list[Plan] = []
        self.connection = EngineConnection("default", "plans")
        cursor = type("Cursor", (Explained,), {"plans": self.plans, "generic": generic})
        self.connection.get().cursor_factory = cursor

    @property
    def cursor(self) -> psycopg.Cursor[Any]:
        return self.connection.cursor()

    @property
    def plan(self) -> Plan:
        (plan,) = self.plans
        return plan


@pytest.fixture(scope="module")
def large_table(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(_FILL)
        connection.close()
        yield
        with connection.cursor() as cursor:
            cursor.execute(_EMPTY)
        connection.close()


@pytest.fixture(params=["true", "of an empty table"], ids="statistics {}".format)
def statistics(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[False, True], ids=["custom plan", "generic plan"])
def engine(request: pytest.FixtureRequest, large_table: None, statistics: str) -> Iterator[Engine]:
    engine = Engine(generic=request.param)
    with engine.connection.get().transaction(force_rollback=True):
        if statistics != "true":
            psycopg.Cursor(engine.connection.get()).execute(_SEEN_EMPTY)
        yield engine
    engine.connection.close()


def nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def kinds(plan: Plan) -> set[str]:
    return {node["Node Type"] for node in nodes(plan)}


def indexes(plan: Plan) -> set[str | None]:
    """Return the index of each scan of the jobs; None for a scan of the whole table.

    An index that is read without a condition on it has an exclamation mark.
    """
    by_bitmap = {n["Index Name"] for n in nodes(plan) if n["Node Type"] == "Bitmap Index Scan"}
    return {name for name in by_bitmap if name.startswith("pgjobs_job_")} | {
        node.get("Index Name") and node["Index Name"] + "!" * ("Index Cond" not in node)
        for node in nodes(plan)
        if node.get("Relation Name") == "pgjobs_job"
        and node["Node Type"] not in ("ModifyTable", "Bitmap Heap Scan")
    }


def pages(plan: Plan) -> int:
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.parametrize("queues", [DEFAULT_QUEUES, ("high",), ("low", "default")])
def test_a_claim_walks_the_index_of_ready_jobs_without_a_sort(
    engine: Engine, queues: tuple[str, ...]
) -> None:
    jobs = Claimer(engine.connection, queues).claim(limit=10, worker=1)
    assert len(jobs) == (0 if queues == ("high",) else 10)
    assert indexes(engine.plan) <= {"pgjobs_job_ready", "pgjobs_job_pkey"}
    assert "pgjobs_job_ready" in indexes(engine.plan)
    assert not kinds(engine.plan) & {"Sort", "Incremental Sort", "Seq Scan"}
    assert pages(engine.plan) < 600


def test_a_large_claim_walks_the_index_of_ready_jobs_without_a_sort(engine: Engine) -> None:
    assert len(Claimer(engine.connection, DEFAULT_QUEUES).claim(limit=1000, worker=1)) == 1000
    assert indexes(engine.plan) == {"pgjobs_job_ready", "pgjobs_job_pkey"}
    assert not kinds(engine.plan) & {"Sort", "Incremental Sort", "Seq Scan"}


def test_a_claim_with_a_floor_starts_there(engine: Engine) -> None:
    claimer = Claimer(engine.connection, ("low",))
    last = Job.objects.filter(queue_name="low").latest("position")
    claimer._lanes._floors["low", 0] = last.position
    assert len(claimer.claim(limit=10, worker=1)) == 1
    scan = next(n for n in nodes(engine.plan) if n.get("Index Name") == "pgjobs_job_ready")
    assert "block.last" in scan["Index Cond"]  # at first the position before the floor
    assert pages(engine.plan) < 300  # most are of the catalog: the session is new


@pytest.mark.parametrize("sample", range(5))
def test_a_look_hops_from_lane_to_lane(engine: Engine, sample: int) -> None:
    # The plan must be right for any estimate: each ANALYZE samples other rows.
    psycopg.Cursor(engine.connection.get()).execute("ANALYZE pgjobs_job")
    sight = Claimer(engine.connection, DEFAULT_QUEUES)._look()
    assert sight.ready
    # It reads only the first entry of the index of due jobs.
    assert indexes(engine.plan) == {"pgjobs_job_ready", "pgjobs_job_due!"}
    assert pages(engine.plan) < 300  # of about 30,000


def test_a_promotion_walks_the_index_of_scheduled_jobs(engine: Engine) -> None:
    claimer = Claimer(engine.connection, DEFAULT_QUEUES)
    assert len(claimer._promoter._promoted(PROMOTE, {"limit": 50, "set_aside": []})) == 50
    assert indexes(engine.plan) == {"pgjobs_job_due", "pgjobs_job_pkey"}
    assert "Sort" not in kinds(engine.plan)
    assert pages(engine.plan) < 2000


def test_recorded_outcomes_are_found_by_the_primary_key(
    engine: Engine, running: list[tuple[int, int]]
) -> None:
    outcomes = [
        Outcome(job_id=job, epoch=epoch, status=JobStatus.RUNNING) for job, epoch in running
    ]
    assert len(already_recorded(engine.cursor, outcomes)) == len(running)
    assert indexes(engine.plan) == {"pgjobs_job_pkey"}


def test_notes_are_written_by_the_primary_key(
    engine: Engine, running: list[tuple[int, int]]
) -> None:
    notes: list[Note] = []
    for job, epoch in running:
        notes += [
            LogLine(job_id=job, attempt=1, at=0.0, level="INFO", message="line"),
            Progress(job_id=job, epoch=epoch, done=1, total=2, message="half"),
        ]
    statements.write_notes(engine.cursor, notes)
    for plan in engine.plans:
        assert indexes(plan) == {"pgjobs_job_pkey"}


@pytest.fixture
def running(engine: Engine) -> list[tuple[int, int]]:
    """Claim 1,000 jobs. The statistics still show none as running."""
    claimed = Claimer(engine.connection, ("default",)).claim(limit=1000, worker=1)
    engine.plans.clear()
    return [(job.pk, job.epoch) for job in claimed]


@pytest.mark.parametrize("batch", [1, 1000])
@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.ERRORED])
def test_outcomes_are_recorded_by_the_primary_key_although_statistics_are_stale(
    engine: Engine, running: list[tuple[int, int]], batch: int, status: JobStatus
) -> None:
    outcomes = [
        Outcome(job_id=job, epoch=epoch, worker_id=1, status=status)
        for job, epoch in running[:batch]
    ]
    assert len(record(engine.cursor, outcomes)) == batch
    assert indexes(engine.plan) == {"pgjobs_job_pkey"}
    assert "Seq Scan" not in kinds(engine.plan)


def test_requests_to_end_are_found_by_the_primary_key(
    engine: Engine, running: list[tuple[int, int]]
) -> None:
    ids, epochs = map(list, zip(*running, strict=True))
    engine.cursor.execute(
        load("workers/stop_requests"), {"ids": ids, "epochs": epochs, "workers": [1] * len(ids)}
    )
    assert indexes(engine.plan) == {"pgjobs_job_pkey"}


def test_a_dead_workers_jobs_are_found_by_the_index_of_running_jobs(
    engine: Engine, running: list[tuple[int, int]]
) -> None:
    cursor = engine.cursor.execute(
        load("rescue/jobs_of_worker"), {"id": 1, "limit": 5000, "set_aside": []}
    )
    assert len(cursor.fetchall()) == len(running)
    assert indexes(engine.plan) == {"pgjobs_job_running"}


@pytest.mark.usefixtures("running")
def test_orphans_are_found_by_the_index_of_running_jobs(engine: Engine) -> None:
    engine.cursor.execute(load("rescue/orphans"), {"limit": 100, "set_aside": []})
    assert indexes(engine.plan) == {"pgjobs_job_running"}


def test_the_backlog_reads_the_begin_of_each_lane(engine: Engine) -> None:
    statement = load("stats/backlog").replace("{counts}", "")
    cursor = engine.cursor.execute(statement, {"most": 100})
    pending = {queue: number for queue, number, *_ in cursor.fetchall()}
    assert pending == {"default": pytest.approx(90_000, rel=0.05), "low": 10_000}
    # Each index that is read without a condition is read up to a limit.
    read = {name and name.rstrip("!") for name in indexes(engine.plan)}
    assert read == {"pgjobs_job_ready", "pgjobs_job_due", "pgjobs_job_running"}
    assert pages(engine.plan) < 3000  # of about 30,000; rows that other tests ended cost some more


def test_a_prune_walks_the_index_of_finished_jobs(engine: Engine) -> None:
    assert statements.prune(engine.cursor, days=5, limit=100) == (100, [])
    assert indexes(engine.plan) == {"pgjobs_job_finished", "pgjobs_job_pkey"}
    assert "Sort" not in kinds(engine.plan)


def test_the_failures_of_an_alert_are_read_by_the_index_of_finished_jobs(engine: Engine) -> None:
    engine.cursor.execute(load("alerts/failures"), {"seconds": 600})
    assert indexes(engine.plan) == {"pgjobs_job_finished"}


@pytest.fixture
def many_workers(engine: Engine) -> None:
    """Add 500 living workers that wait for the doorbell. They hold no locks."""
    psycopg.Cursor(engine.connection.get()).execute(
        """
        INSERT INTO pgjobs_worker (id, name, hostname, pid, queues, concurrency)
        SELECT n, 'w', 'h', 1, '{default}', 1 FROM generate_series(2, 501) AS n;
        INSERT INTO pgjobs_doorbell SELECT n, '{default}' FROM generate_series(2, 501) AS n;
        """
    )


@pytest.mark.usefixtures("many_workers")
def test_a_heartbeat_and_the_beginning_of_a_round_read_no_other_worker(engine: Engine) -> None:
    engine.cursor.execute(load("workers/beat"), {"id": 1, "draining": False, "overdue": 1.0})
    for _ in range(2):
        engine.cursor.execute(load("rounds/begin"), {"place": 1, "overdue": 1.0})
    for plan in engine.plans:
        assert "Seq Scan" not in kinds(plan)
        assert sum(n["Actual Rows"] for n in nodes(plan)) < 10
        assert pages(plan) < 150  # most are of the catalog: the session is new


@pytest.mark.usefixtures("many_workers")
def test_a_look_for_dead_workers_reads_the_locks_once(engine: Engine) -> None:
    values = {"timeout": 3600, "reconnected_for": None}
    engine.cursor.execute(load("rescue/suspects"), values)
    locks = [n for n in nodes(engine.plan) if n.get("Function Name") == "pg_lock_status"]
    hashed = [n for n in nodes(engine.plan) if n.get("CTE Name") == "held"]

    # A hash table is filled once. A list would be read again for each worker.
    assert [n["Actual Loops"] for n in locks] == [1]
    assert {n["Actual Loops"] for n in hashed} == {1}


@pytest.mark.usefixtures("many_workers")
def test_a_wake_for_overlooked_jobs_reads_few_jobs_of_each_queue(engine: Engine) -> None:
    engine.cursor.execute(load("rounds/wake_overlooked"), {"ahead": 2.0})
    assert indexes(engine.plan) == {"pgjobs_job_ready", "pgjobs_job_due!"}
    assert sum(n["Actual Rows"] for n in nodes(engine.plan) if "Index Name" in n) < 30
