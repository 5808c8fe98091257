"""One row that refuses its claim, or can't be read, holds up no other row."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from pgjobs import events
from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.worker.claiming import refusing
from pgjobs.worker.claiming.claimer import SETTINGS, Claimer
from pgjobs.worker.claiming.lanes import MOST_EMPTY_LANES
from pgjobs.worker.claiming.refusing import RefusingRows
from tests.apps.testapp.jobs import Noop
from tests.apps.testapp.models import Country
from tests.support.elsewhere import elsewhere
from tests.support.engine import OpenConnection
from tests.support.eventually import eventually
from tests.support.moments import HOUR, ago
from tests.support.rows import a_job, a_worker
from tests.support.sql import query
from tests.support.told_events import ToldSoFar
from tests.support.worker_process import run_burst_here

_REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'not in this house' USING ERRCODE = '{code}';
END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON pgjobs_job FOR EACH ROW
    WHEN (OLD.name = 'refused' AND NEW.status = ANY ('{statuses}'))
    EXECUTE FUNCTION refuse()
"""
_REFUSE_SILENTLY = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN {answer};
END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON pgjobs_job FOR EACH ROW
    WHEN (OLD.name = 'refused' AND NEW.status = ANY ('{statuses}'))
    EXECUTE FUNCTION refuse()
"""
RAISED, MISSING_TABLE, OTHER_SERVER_AWAY = "P0001", "42P01", ("08001", "57P01")


def refuse(*statuses: str, code: str = RAISED) -> None:
    query(_REFUSE.format(statuses=f"{{{','.join(statuses)}}}", code=code))


def refuse_silently(*statuses: str, answer: str = "NULL") -> None:
    query(_REFUSE_SILENTLY.format(statuses=f"{{{','.join(statuses)}}}", answer=answer))


@pytest.fixture(autouse=True)
def hurry(
    empty_queue: None, no_system_jobs: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    monkeypatch.setattr(refusing, "TRY_INTERVAL", 0.01)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION IF EXISTS refuse CASCADE")


def statuses() -> dict[str, list[str]]:
    """Return the sorted statuses of the jobs of each name."""
    found: dict[str, list[str]] = {}
    for name, status in Job.objects.order_by("status").values_list("name", "status"):
        found.setdefault(name, []).append(status)
    return found


@pytest.mark.parametrize("code", [RAISED, MISSING_TABLE, *OTHER_SERVER_AWAY])
def test_a_job_whose_claim_a_trigger_refuses_is_errored_and_its_neighbours_run(
    told: ToldSoFar, code: str
) -> None:
    refuse("running", code=code)
    Noop.enqueue_many({} for _ in range(10))
    refused = a_job(name="refused", errors=[{"attempt": number} for number in range(150)])
    Noop.enqueue_many({} for _ in range(10))
    run_burst_here("-c", "2")
    assert statuses() == {"Noop": ["completed"] * 20, "refused": ["errored"]}
    refused.refresh_from_db()
    assert (refused.epoch, refused.interruptions) == (0, 0)
    assert "not in this house" in refused.error
    assert len(told(events.ClaimRefused, job_id=refused.pk)) == 1
    assert len(told(events.WaitingJobErrored, job_id=refused.pk)) == 1
    assert len(refused.errors) == 100
    assert refused.errors[-1]["worker"] is None
    assert not Job.objects.filter(interruptions__gt=0).exists()


def test_a_job_whose_promotion_a_trigger_refuses_is_errored_and_its_neighbours_run() -> None:
    refuse("pending")
    for name in ("Noop", "refused", "Noop"):
        a_job("scheduled", name=name, scheduled=ago(minutes=1))
    Noop.enqueue()
    run_burst_here("-c", "2")
    assert statuses() == {"Noop": ["completed"] * 3, "refused": ["errored"]}


def test_a_job_whose_claim_and_end_are_refused_stays_waiting_and_its_neighbours_run(
    told: ToldSoFar,
) -> None:
    refuse("running", "errored")
    refused = a_job(name="refused")
    Noop.enqueue_many({} for _ in range(3))
    run_burst_here("-c", "2")
    assert statuses() == {"Noop": ["completed"] * 3, "refused": ["pending"]}
    assert len(told(events.WaitingJobStuck, job_id=refused.pk)) == 1


def test_a_recurring_job_whose_claim_is_refused_has_a_successor_as_far_as_one_is_possible(
    told: ToldSoFar,
) -> None:
    refuse("running")
    was_due = ago(minutes=10)
    once = a_job(name="refused", interval=60, once_key="place", scheduled=was_due)
    changed = a_job(name="refused", interval=60, successor={"interval": 30, "user_id": "0"})
    malformed = a_job(name="refused", interval=60, successor={"interval": "often"})
    due = a_job("scheduled", name="refused", interval=5, scheduled=ago(hours=3))
    run_burst_here()
    assert statuses() == {"refused": ["errored"] * 4 + ["scheduled"] * 3}
    successors = {job.interval: job for job in Job.objects.live()}
    assert set(successors) == {60, 30, 5}
    assert (successors[60].once_key, successors[60].scheduled) == ("place", was_due + HOUR)
    assert successors[30].user_id is None
    for job in (once, changed, malformed, due):
        job.refresh_from_db()
        assert ("does not recur" in job.error) == (job == malformed)
    assert [lost["job_id"] for lost in told(events.SuccessorLost)] == [malformed.pk]


def test_a_job_that_another_transaction_holds_is_not_ended_and_not_waited_for(
    open_connection: OpenConnection,
) -> None:
    def refuse_it(row: int) -> list[int]:
        raise psycopg.errors.RaiseException("not in this house")

    job = a_job()
    rows = RefusingRows(open_connection(), announce=lambda job_id: None)
    tries = [job.pk] * refusing.TRIES
    rival = open_connection().get()
    with rival.transaction():
        rival.execute("SELECT FROM pgjobs_job WHERE id = %s FOR UPDATE", [job.pk])
        assert rows.take_apart(tries, refuse_it, status=JobStatus.PENDING) == []
        assert statuses() == {job.name: ["pending"]}
    rows.take_apart(tries, refuse_it, status=JobStatus.PENDING)
    assert statuses() == {job.name: ["errored"]}


@pytest.mark.parametrize(
    "policy",
    [
        "FOR UPDATE USING (true) WITH CHECK (name <> 'refused' OR status <> 'running')",
        "FOR UPDATE USING (true) WITH CHECK (name <> 'refused' OR epoch = 0)",
    ],
)
def test_a_job_whose_claim_a_policy_refuses_is_errored(
    open_connection: OpenConnection, policy: str, told: ToldSoFar
) -> None:
    role = f"pgjobs_bound_by_policies_{os.getpid()}"
    refused, other = a_job(name="refused"), Noop.enqueue()
    worker = a_worker().pk
    query(f"CREATE ROLE {role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
    query("ALTER TABLE pgjobs_job ENABLE ROW LEVEL SECURITY")
    query("CREATE POLICY look ON pgjobs_job FOR SELECT USING (true)")
    query(f"CREATE POLICY house ON pgjobs_job {policy}")
    try:
        claimer = Claimer(open_connection({"role": role}), ("default",))
        claimed = claimer.claim(limit=10, worker=worker)
        assert [job.pk for job in claimed] == [other.pk]
        assert len(told(events.ClaimRefused, job_id=refused.pk)) == 1
    finally:
        query("DROP POLICY house ON pgjobs_job; DROP POLICY look ON pgjobs_job")
        query("ALTER TABLE pgjobs_job DISABLE ROW LEVEL SECURITY")
        query(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_rights_that_are_missing_for_the_whole_table_blame_no_row(
    open_connection: OpenConnection, told: ToldSoFar
) -> None:
    role = f"pgjobs_without_rights_{os.getpid()}"
    Noop.enqueue()
    worker = a_worker().pk
    query(f"CREATE ROLE {role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    try:
        claimer = Claimer(open_connection({"role": role}), ("default",))
        with pytest.raises(Exception, match="permission denied for table"):
            claimer.claim(limit=10, worker=worker)
    finally:
        query(f"DROP OWNED BY {role}; DROP ROLE {role}")
    assert told(events.ClaimRefused) == []


def test_lanes_that_stay_empty_are_forgotten(open_connection: OpenConnection) -> None:
    claimer = Claimer(open_connection(), ("high", "default"))
    worker = a_worker().pk
    count = MOST_EMPTY_LANES + 10
    for priority in range(count):
        Noop.enqueue(priority=priority)
    claimer.look()
    assert len(claimer.claim(limit=1000, worker=worker)) == count
    late = Noop.enqueue(priority=7)
    claimer.look()
    assert len(claimer._lanes.to_search()["queues"]) == 3
    assert [job.pk for job in claimer.claim(limit=1000, worker=worker)] == [late.pk]


_WAIT = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM testapp_country WHERE code = 'se' FOR UPDATE;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON pgjobs_job FOR EACH ROW
    WHEN (OLD.name = 'refused' AND NEW.status = '{status}')
    EXECUTE FUNCTION refuse()
"""


@pytest.mark.parametrize("status", ["running", "pending"])
def test_a_row_whose_trigger_waits_for_another_transaction_is_tried_later_and_delays_no_other(
    open_connection: OpenConnection, status: str
) -> None:
    Country.objects.create(code="se")
    query(_WAIT.format(status=status))
    waiting: dict[str, Any] = {}
    if status == "pending":
        waiting = {"status": "scheduled", "scheduled": ago(minutes=1)}
    locked = a_job(name="refused", **waiting)
    sound = [a_job(**waiting).pk for _ in range(3)]
    claimer = Claimer(open_connection(SETTINGS), ("default",))
    worker = a_worker().pk

    def claim() -> set[int]:
        claimer.look()
        return {job.pk for job in claimer.claim(limit=10, worker=worker)}

    with transaction.atomic():
        Country.objects.select_for_update().get()
        assert elsewhere(claim).result(20) == set(sound)
    assert eventually(claim) == {locked.pk}
    locked.refresh_from_db()
    assert (locked.status, locked.epoch, locked.errors) == ("running", 1, [])


# A trigger that returns OLD keeps the row as it is, and RETURNING shows the row all the same.
either_answer = pytest.mark.parametrize("answer", ["NULL", "OLD"])


@either_answer
def test_a_job_whose_claim_a_trigger_suppresses_is_errored_and_its_neighbours_run(
    told: ToldSoFar, answer: str
) -> None:
    refuse_silently("running", answer=answer)
    refused = [a_job(name="refused"), a_job(name="refused")]
    Noop.enqueue_many({} for _ in range(10))
    run_burst_here("-c", "1")
    assert statuses() == {"Noop": ["completed"] * 10, "refused": ["errored"] * 2}
    for job in refused:
        job.refresh_from_db()
        assert (job.epoch, job.attempt) == (0, 0)
        assert "a trigger that returns NULL" in job.error
        assert len(told(events.ClaimRefused, job_id=job.pk)) == 1


@either_answer
def test_a_job_whose_promotion_a_trigger_suppresses_is_errored_and_its_neighbours_run(
    answer: str,
) -> None:
    refuse_silently("pending", answer=answer)
    for name in ("refused", "Noop"):
        a_job("scheduled", name=name, scheduled=ago(minutes=1))
    run_burst_here("-c", "1")
    assert statuses() == {"Noop": ["completed"], "refused": ["errored"]}


@either_answer
def test_a_job_whose_claim_and_end_a_trigger_suppresses_stays_waiting_and_its_neighbours_run(
    told: ToldSoFar, answer: str
) -> None:
    refuse_silently("running", "errored", answer=answer)
    refused = a_job(name="refused")
    Noop.enqueue_many({} for _ in range(3))
    run_burst_here("-c", "1")
    assert statuses() == {"Noop": ["completed"] * 3, "refused": ["pending"]}
    assert len(told(events.WaitingJobStuck, job_id=refused.pk)) == 1


def looks_and_claims(claimer: Claimer, worker: int, count: int = 10) -> None:
    for _ in range(count):
        claimer.look()
        assert claimer.claim(limit=1, worker=worker) == []


def test_a_job_that_a_policy_hides_from_claims_is_named_and_its_neighbours_run(
    open_connection: OpenConnection, told: ToldSoFar
) -> None:
    role = f"pgjobs_bound_by_policies_{os.getpid()}"
    hidden, worker = a_job(name="refused"), a_worker().pk
    query(f"CREATE ROLE {role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
    query("ALTER TABLE pgjobs_job ENABLE ROW LEVEL SECURITY")
    query("CREATE POLICY look ON pgjobs_job FOR SELECT USING (true)")
    query("CREATE POLICY house ON pgjobs_job FOR UPDATE USING (name <> 'refused')")
    try:
        claimer = Claimer(open_connection({"role": role}), ("default",))

        def is_told() -> bool:
            looks_and_claims(claimer, worker, 1)
            return len(told(events.WaitingJobStuck, job_id=hidden.pk)) == 1

        eventually(is_told)
    finally:
        query("DROP POLICY house ON pgjobs_job; DROP POLICY look ON pgjobs_job")
        query("ALTER TABLE pgjobs_job DISABLE ROW LEVEL SECURITY")
        query(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_a_job_that_another_transaction_holds_for_long_is_blamed_for_nothing(
    open_connection: OpenConnection, told: ToldSoFar
) -> None:
    job, worker = a_job(), a_worker().pk
    claimer = Claimer(open_connection(), ("default",))
    rival = open_connection().get()
    with rival.transaction():
        rival.execute("SELECT FROM pgjobs_job WHERE id = %s FOR UPDATE", [job.pk])
        looks_and_claims(claimer, worker)
    claimer.look()
    assert [claimed.pk for claimed in claimer.claim(limit=1, worker=worker)] == [job.pk]
    assert told(events.ClaimRefused) == []


def test_jobs_that_a_worker_may_not_claim_because_it_counts_as_dead_are_blamed_for_nothing(
    open_connection: OpenConnection, told: ToldSoFar
) -> None:
    a_job()
    dead = a_worker(stopped=ago(minutes=1)).pk
    looks_and_claims(Claimer(open_connection(), ("default",)), dead)
    assert told(events.ClaimRefused) == []


def test_a_due_job_that_a_rival_promotes_meanwhile_is_blamed_for_nothing(
    open_connection: OpenConnection, told: ToldSoFar
) -> None:
    job = a_job("scheduled", scheduled=ago(minutes=1))
    rows = RefusingRows(open_connection(), announce=lambda job_id: None)

    def lose(row: int) -> list[int]:
        Job.objects.filter(pk=row).update(status="pending")
        return []

    assert rows.take_apart([job.pk], lose, status=JobStatus.SCHEDULED) == []
    assert told(events.ClaimRefused) == []
    assert rows.set_aside() == []


def test_a_job_whose_holder_lets_go_just_after_its_claim_is_blamed_for_nothing(
    open_connection: OpenConnection, told: ToldSoFar
) -> None:
    job = a_job()
    rows = RefusingRows(open_connection(SETTINGS), announce=lambda _: None)
    claims = iter([[], [job.pk]])  # the first one comes while another transaction holds the row

    taken = rows.take_apart([job.pk], lambda _: next(claims), status=JobStatus.PENDING)

    assert taken == [job.pk]
    assert told(events.ClaimRefused) == []
    assert rows.set_aside() == []
