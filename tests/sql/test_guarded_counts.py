"""A job ends, in each way, whatever a project puts on the table of counts."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, transaction

from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.rows.end_waiting import end_waiting
from pgjobs.rows.failure import Failure
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from tests.support.rows import a_job
from tests.support.sql import query

pytestmark = pytest.mark.django_db(transaction=True)

RAISES = "RAISE EXCEPTION 'no statistics'"
OWNER = f"counts_owner_{os.getpid()}"  # roles belong to the server, which other tests share


def recorded_in_a_batch() -> None:
    Job.objects.update(status="running", started="2026-01-31T12:00Z", epoch=1)
    outcomes = [
        Outcome(job_id=pk, epoch=1, status=JobStatus.COMPLETED, began=time.monotonic())
        for pk in Job.objects.values_list("pk", flat=True)
    ]
    with connection.cursor() as cursor:
        record(cursor, outcomes)


def cancelled_one_by_one() -> None:
    for job in Job.objects.all():
        assert job.cancel()


def cancelled_in_bulk() -> None:
    assert Job.objects.all().cancel() == 3


def cancelled_from_sql() -> None:
    query("SELECT pgjobs_cancel(VARIADIC ARRAY(SELECT id FROM pgjobs_job))")


def ended_by_hand() -> None:
    query("UPDATE pgjobs_job SET status = 'cancelled', completed = now()")


def errored_by_a_worker() -> None:
    with connection.cursor() as cursor:
        for pk in Job.objects.values_list("pk", flat=True):
            failure = Failure.of(ValueError("no"))
            end_waiting(
                cursor, Outcome(job_id=pk, epoch=0, status=JobStatus.ERRORED, failure=failure)
            )


WAYS = (
    recorded_in_a_batch,
    cancelled_one_by_one,
    cancelled_in_bulk,
    cancelled_from_sql,
    ended_by_hand,
    errored_by_a_worker,
)


def put_trigger(body: str, when: str = "BEFORE INSERT", each: str = "ROW", more: str = "") -> None:
    query(
        f"CREATE FUNCTION of_the_project() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN {body}; RETURN NEW; END $$; "
        f"CREATE {'CONSTRAINT ' if more else ''}TRIGGER of_the_project "
        f"{when} ON pgjobs_ends {more} FOR EACH {each} EXECUTE FUNCTION of_the_project()"
    )


def take_away() -> None:
    query(
        "DROP FUNCTION IF EXISTS of_the_project() CASCADE; "
        "DROP RULE IF EXISTS of_the_project ON pgjobs_ends; "
        "ALTER TABLE pgjobs_ends DROP CONSTRAINT IF EXISTS of_the_project; "
        "ALTER TABLE pgjobs_ends DROP COLUMN IF EXISTS of_the_project; "
        "DROP INDEX IF EXISTS of_the_project; "
        "ALTER TABLE pgjobs_ends NO FORCE ROW LEVEL SECURITY; "
        "ALTER TABLE pgjobs_ends DISABLE ROW LEVEL SECURITY"
    )


@pytest.fixture
def put_back() -> Iterator[None]:
    """Take everything away again that a test has put on the table of counts."""
    yield
    take_away()


def a_trigger_that_raises() -> None:
    put_trigger(RAISES)


def a_trigger_of_statements_that_raises() -> None:
    put_trigger(RAISES, "AFTER INSERT", "STATEMENT")


def a_trigger_whose_assertion_fails() -> None:
    put_trigger("ASSERT false")


def a_deferred_trigger_that_raises() -> None:
    put_trigger(RAISES, "AFTER INSERT", more="DEFERRABLE INITIALLY DEFERRED")


def a_trigger_that_raises_for_one_class() -> None:
    put_trigger(f"IF NEW.job_class LIKE '%Noop' THEN {RAISES}; END IF")


def a_constraint() -> None:
    query("ALTER TABLE pgjobs_ends ADD CONSTRAINT of_the_project CHECK (jobs > 1000) NOT VALID")


def a_unique_index() -> None:
    query("CREATE UNIQUE INDEX of_the_project ON pgjobs_ends ((1))")
    query(
        "INSERT INTO pgjobs_ends (job_class, queue, outcome, jobs) VALUES ('a', 'a', 'failed', 1)"
    )


def a_column_that_must_be_given() -> None:
    query("ALTER TABLE pgjobs_ends ADD COLUMN of_the_project integer NOT NULL")


def a_policy_of_rows() -> None:
    query("ALTER TABLE pgjobs_ends ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")


def a_rule() -> None:
    query(
        "CREATE RULE of_the_project AS ON INSERT TO pgjobs_ends "
        "WHERE NEW.jobs > 1000 DO INSTEAD NOTHING"
    )


PUT = (
    a_trigger_that_raises,
    a_trigger_of_statements_that_raises,
    a_trigger_whose_assertion_fails,
    a_deferred_trigger_that_raises,
    a_trigger_that_raises_for_one_class,
    a_constraint,
    a_unique_index,
    a_column_that_must_be_given,
)


@pytest.fixture
def plain_owner(put_back: None) -> Iterator[None]:
    """An owner of the table of counts who is no superuser: no policy holds for superusers."""
    functions = "pgjobs_count_end(), pgjobs_count_ends()".split(", ")
    (row,) = query("SELECT current_user AS me")
    query(f"CREATE ROLE {OWNER}")
    query(f"GRANT CREATE, USAGE ON SCHEMA public TO {OWNER}")
    things = ["TABLE pgjobs_ends", *(f"FUNCTION {name}" for name in functions)]
    for thing in things:
        query(f"ALTER {thing} OWNER TO {OWNER}")
    yield
    for thing in things:
        query(f'ALTER {thing} OWNER TO "{row["me"]}"')
    query(f"DROP OWNED BY {OWNER}; DROP ROLE {OWNER}")


def uncounted_ends(end: Callable[[], None]) -> None:
    for _ in range(3):
        a_job()
    before = query("SELECT count(*) AS n FROM pgjobs_ends")
    end()
    assert Job.objects.filter(completed__isnull=False).count() == 3
    assert query("SELECT count(*) AS n FROM pgjobs_ends") == before


@pytest.mark.usefixtures("put_back", "nothing_counted")
@pytest.mark.parametrize("put", PUT)
@pytest.mark.parametrize("end", WAYS)
def test_jobs_end_whatever_on_the_table_of_counts_refuses_a_row(
    end: Callable[[], None], put: Callable[[], None]
) -> None:
    put()
    uncounted_ends(end)


@pytest.mark.usefixtures("plain_owner", "nothing_counted")
@pytest.mark.parametrize("end", WAYS)
def test_jobs_end_although_a_policy_refuses_each_row(end: Callable[[], None]) -> None:
    a_policy_of_rows()
    uncounted_ends(end)


@pytest.mark.usefixtures("nothing_counted")
@pytest.mark.parametrize("end", WAYS)
def test_jobs_end_although_the_table_of_counts_is_gone(end: Callable[[], None]) -> None:
    for _ in range(3):
        a_job()
    query("ALTER TABLE pgjobs_ends RENAME TO away")
    try:
        end()
    finally:
        query("ALTER TABLE away RENAME TO pgjobs_ends")
    assert Job.objects.filter(completed__isnull=False).count() == 3


@pytest.mark.usefixtures("put_back", "nothing_counted")
@pytest.mark.parametrize("end", WAYS)
def test_beside_a_trigger_that_lets_rows_pass_each_end_is_counted(end: Callable[[], None]) -> None:
    put_trigger("NEW.frame := 'seen'")
    for _ in range(3):
        a_job()
    end()
    rows = query("SELECT frame, sum(jobs) AS n FROM pgjobs_ends GROUP BY 1")
    assert [(row["frame"], int(row["n"])) for row in rows] == [("seen", 3)]


def way_of_counting() -> str:
    """Return how a new transaction counts the end of a job."""
    with transaction.atomic():
        query("SELECT pgjobs_may_count()")
        return str(query("SELECT current_setting('pgjobs.may_count') AS way")[0]["way"])


@pytest.mark.usefixtures("put_back", "nothing_counted")
@pytest.mark.parametrize("put", [*PUT, a_policy_of_rows, a_rule])
def test_ends_are_counted_without_a_guard_once_the_table_is_as_migrations_make_it(
    put: Callable[[], None],
) -> None:
    put()
    assert way_of_counting() == ("no" if put is a_deferred_trigger_that_raises else "guarded")
    take_away()
    assert way_of_counting() == "yes"
