"""Time travel: what takes another moment for now, and what is as before afterwards."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_django
import time_machine
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from pgjobs.models import Job, JobLogEntry, Schedule
from pgjobs.testing import fire_schedules, run_job, run_jobs, time_travel
from tests.apps.testapp.jobs import Logging, Noop, Raising
from tests.apps.testapp.models import Trace
from tests.support.moments import HOUR, MINUTE
from tests.support.rows import a_site, tell_sql
from tests.support.sql import query

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
IN_2031 = datetime(2031, 5, 1, 12, tzinfo=UTC)
in_any_test = pytest.mark.parametrize(
    "in_transaction",
    [
        pytest.param(True, marks=pytest.mark.django_db),
        pytest.param(False, marks=pytest.mark.django_db(transaction=True)),
    ],
)


def is_just_after(moment: datetime | None, expected: datetime) -> bool:
    return moment is not None and expected <= moment < expected + MINUTE


def moments_of(job: Job) -> list[datetime | None]:
    job.refresh_from_db()
    lines = JobLogEntry.objects.filter(job=job).values_list("timestamp", flat=True)
    return [job.created, job.started, job.completed, *lines]


def is_bound() -> set[str]:
    """Return the kinds of what is bound to the clock of a travel: in catalogs, and the session."""
    rows = query(
        """
        SELECT classid::regclass::text AS kind FROM pg_depend
        JOIN pg_proc ON pg_proc.oid = refobjid
        WHERE refclassid = 'pg_proc'::regclass AND classid <> 'pg_proc'::regclass
            AND pronamespace = to_regnamespace('pgjobs_travel')
        UNION ALL SELECT 'function' FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND proconfig::text ~ 'pgjobs_travel'
        UNION ALL SELECT 'session' WHERE current_setting('search_path') ~ 'pgjobs_travel'
        """
    )
    return {row["kind"] for row in rows}


def definitions() -> list[Any]:
    """Return the texts of the defaults, the settings of the functions, the columns of the views."""
    return query(
        """
        SELECT pg_get_expr(adbin, adrelid) AS text FROM pg_attrdef
        UNION ALL SELECT concat_ws(' ', table_name, column_name, data_type)
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT array_to_string(proconfig, ',') FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
        ORDER BY 1
        """
    )


@in_any_test
@pytest.mark.parametrize("to", [IN_2031, datetime(2020, 2, 29, tzinfo=UTC)], ids=str)
def test_every_moment_of_a_row_is_that_of_the_travel(to: datetime, in_transaction: bool) -> None:
    with time_travel(to):
        job = Logging.enqueue()
        run_jobs()

    assert connection.in_atomic_block is in_transaction
    assert all(is_just_after(moment, to) for moment in moments_of(job))


@in_any_test
def test_afterwards_all_is_as_before(in_transaction: bool) -> None:
    options, was = connection.settings_dict["OPTIONS"], definitions()
    with time_travel(DAY):
        assert is_bound() == {"pg_attrdef", "pg_rewrite", "function", "session"}
    job = run_job(Noop).job

    assert is_bound() == set()
    assert definitions() == was
    assert connection.settings_dict["OPTIONS"] == options
    assert is_just_after(job.created, timezone.now() - MINUTE / 2)


def test_a_span_counts_from_the_travelled_moment() -> None:
    with time_travel(IN_2031) as travel, time_travel(DAY) as inner:
        assert is_just_after(inner.now(), IN_2031 + DAY)
        inner.move(-2 * DAY)
        assert is_just_after(inner.now(), IN_2031 - DAY)
    assert travel.now() < IN_2031


def test_an_inner_travel_leads_back_to_the_outer_one() -> None:
    with time_travel(IN_2031) as travel:
        with time_travel(DAY):
            pass
        assert is_just_after(travel.now(), IN_2031)
        assert is_just_after(timezone.now(), IN_2031)
        assert is_just_after(Noop.enqueue().created, IN_2031)


def test_django_and_queries_take_the_same_moment_for_now() -> None:
    with time_travel(IN_2031):
        trace = Trace.objects.create(label="auto_now_add")
        (row,) = Trace.objects.annotate(moment=models.ExpressionWrapper(Now(), Trace.at.field))
        assert is_just_after(timezone.now(), IN_2031)
    assert is_just_after(trace.at, IN_2031)
    assert is_just_after(row.moment, IN_2031)


def test_a_clock_of_python_that_is_moved_already_is_not_moved_twice() -> None:
    with time_machine.travel(IN_2031), time_travel(IN_2031):
        assert is_just_after(timezone.now(), IN_2031)
        assert is_just_after(datetime.now(UTC), IN_2031)
        assert is_just_after(Noop.enqueue().created, IN_2031)
    assert timezone.now() < IN_2031


@pytest.mark.parametrize("to", [datetime(2031, 5, 1), "tomorrow", 3600, None], ids=str)
def test_what_is_no_moment_and_no_span_is_refused(to: Any) -> None:
    with pytest.raises(ValueError, match="aware datetime or over a timedelta"), time_travel(to):
        pass

    assert is_bound() == set()


def test_a_retry_is_due_when_its_wait_is_over() -> None:
    job = Raising.enqueue(max_attempts=2)
    run_jobs(raising=False)

    assert run_jobs() == []
    with time_travel(DAY):
        run_jobs(raising=False)
    job.refresh_from_db()
    assert (job.status, job.attempt) == ("errored", 2)


def test_the_place_of_a_recurring_job_is_kept_through_time() -> None:
    job = Noop.enqueue_once(interval=60)
    with time_travel(HOUR):
        assert Noop.enqueue_once(interval=60) == job
        run_jobs()
        (successor,) = Job.objects.live()
        assert successor.scheduled is not None
        assert successor.scheduled - timezone.now() > 59 * MINUTE


def test_old_jobs_are_pruned_by_the_time_of_the_travel() -> None:
    run_job(Noop)

    assert Job.objects.prune(days=90) == 0
    with time_travel(91 * DAY):
        assert Job.objects.prune(days=90) == 1


@pytest.mark.usefixtures("no_system_jobs")
def test_schedules_are_due_by_the_time_of_the_travel() -> None:
    Noop.setup(interval=60)
    with time_travel(IN_2031):
        fire_schedules()

    assert is_just_after(Schedule.objects.get().next_run, IN_2031 + HOUR)


def test_views_and_functions_in_sql_follow() -> None:
    tell_sql()
    with time_travel(IN_2031):
        (job,) = query("SELECT pgjobs_enqueue(%s) AS id", Noop.path)
        assert is_just_after(Job.objects.get(pk=job["id"]).created, IN_2031)
        with time_travel(DAY):
            (row,) = query("SELECT late_by FROM pgjobs_jobs")
            query("SELECT pgjobs_cancel(%s)", job["id"])
        assert row["late_by"] > DAY
    assert is_just_after(Job.objects.get(pk=job["id"]).completed, IN_2031 + DAY)


def test_rows_with_foreign_keys_that_are_still_to_be_checked_do_not_stop_a_travel() -> None:
    Logging.enqueue(a_site(), user=User.objects.create_user("ada"))
    run_jobs()

    with time_travel(DAY):
        Noop.enqueue(a_site("Oslo"))


def test_an_error_of_the_database_inside_a_travel_reaches_the_test() -> None:
    by_zero = pytest.raises(DatabaseError, match="division by zero")
    with by_zero, transaction.atomic(), time_travel(DAY):
        query("SELECT 1 / 0")

    assert is_bound() == set()
    assert timezone.now() < IN_2031


def test_a_travel_ends_in_a_transaction_that_must_be_rolled_back() -> None:
    with transaction.atomic(), time_travel(DAY):
        transaction.set_rollback(True)

    assert is_bound() == set()
    assert timezone.now() < IN_2031


@pytest.mark.django_db(transaction=True)
def test_connections_that_are_opened_inside_a_travel_follow() -> None:
    seen: list[Any] = []

    def look() -> None:
        seen.append(Noop.enqueue().created)
        connection.close()

    with time_travel(IN_2031):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    assert is_just_after(seen[0], IN_2031)


@pytest.mark.django_db(transaction=True)
def test_options_and_search_path_of_the_project_stay_in_force(
    settings: pytest_django.Settings,
) -> None:
    before = connection.settings_dict["OPTIONS"]
    path = 'pg_catalog,\\ public,\\ "a\\ b"'
    options = {**before, "options": f"-c search_path={path} -c lock_timeout=7s"}
    connection.settings_dict["OPTIONS"] = options
    connection.close()
    try:
        with time_travel(IN_2031):
            connection.close()
            (session,) = query(
                "SELECT current_setting('search_path') AS path,"
                " current_setting('lock_timeout') AS patience, statement_timestamp() AS now"
            )
    finally:
        connection.settings_dict["OPTIONS"] = before
        connection.close()

    assert session["path"] == 'pgjobs_travel, pg_catalog, pg_catalog, public, "a b"'
    assert session["patience"] == "7s"
    assert is_just_after(session["now"], IN_2031)
