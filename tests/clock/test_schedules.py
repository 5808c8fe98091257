"""The clock: the due times that fire, the next due time, and the effect of a worker's start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import pytest_django
from django.db import OperationalError, connection
from django.db.models.functions import Now

from pgjobs import BackgroundJob, events
from pgjobs.clock.schedules import fire_due
from pgjobs.clock.synchronizing import synchronize
from pgjobs.clock.tick import Clock
from pgjobs.models import Job, Schedule
from tests.apps.testapp.jobs import Noop, Tracing
from tests.support.elsewhere import elsewhere
from tests.support.moments import MINUTE
from tests.support.registry import forget_system_jobs
from tests.support.sql import query
from tests.support.told_events import ToldSoFar

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_system_jobs")]


class OnAQueueThatIsNot(BackgroundJob):
    class Meta:
        queue = "nowhere"

    def run(self) -> None: ...


def start_worker(job_class: type[BackgroundJob] = Noop, **rule: Any) -> Schedule:
    """Set up a system job and start the clock as a worker does; return the schedule."""
    job_class.setup(**rule)
    synchronize()
    return Schedule.objects.get(job_class=job_class.path)


def come_due(schedule: Schedule, *, ago: timedelta = timedelta()) -> datetime:
    """Move the next due time into the past, and return it."""
    Schedule.objects.filter(pk=schedule.pk).update(next_run=Now() - ago)
    schedule.refresh_from_db()
    due: datetime = schedule.next_run
    return due


def end_runs() -> None:
    for job in Job.objects.live():
        assert job.terminate()


def test_the_first_run_of_an_interval_is_due_when_the_first_worker_starts() -> None:
    schedule = start_worker(interval=43200)
    fire_due()
    job = Job.objects.get()
    assert (job.job_class, job.status, job.scheduled) == (Noop.path, "pending", None)
    assert Schedule.objects.get() == schedule


def test_the_clock_fires_whatever_interval_style_the_database_sets() -> None:
    query("SET LOCAL IntervalStyle = 'iso_8601'")
    come_due(start_worker(interval=60))
    due_in = fire_due()
    assert due_in is not None
    assert 3590 < due_in <= 3600
    assert Job.objects.count() == 1


def test_a_later_start_of_a_worker_fires_no_due_time() -> None:
    start_worker(interval=60)
    fire_due()
    end_runs()
    next_run = Schedule.objects.get().next_run
    start_worker(interval=60)
    fire_due()
    assert Job.objects.count() == 1
    assert Schedule.objects.get().next_run == next_run


@pytest.mark.parametrize("minutes", [1, 7, 90, 1441, 43200])
def test_due_times_of_any_interval_are_the_interval_apart(minutes: int) -> None:
    schedule = start_worker(interval=minutes)
    for runs in (1, 2, 3):
        due = come_due(schedule)
        fire_due()
        end_runs()
        schedule.refresh_from_db()
        assert schedule.last_run == due
        assert schedule.next_run - due == minutes * MINUTE
        assert Job.objects.count() == runs


def test_a_schedule_that_is_not_due_does_not_fire() -> None:
    schedule = start_worker(interval=60)
    Schedule.objects.update(next_run=Now() + MINUTE)
    due_in = fire_due()
    assert not Job.objects.exists()
    assert due_in is not None
    assert 59 < due_in <= 60
    schedule.refresh_from_db()
    assert schedule.last_run is None


def test_the_clock_without_system_jobs_has_no_next_due_time() -> None:
    assert fire_due() is None


def test_missed_due_times_of_an_interval_collapse_into_one_run_and_the_rhythm_stays() -> None:
    schedule = start_worker(interval=7)
    due = come_due(schedule, ago=timedelta(minutes=7 * 10 + 3))
    fire_due()
    end_runs()
    fire_due()
    assert Job.objects.count() == 1
    assert Schedule.objects.get().next_run == due + 11 * 7 * MINUTE


def test_a_due_time_makes_no_second_job_while_the_previous_run_is_live() -> None:
    schedule = start_worker(interval=1)
    fire_due()
    job = Job.objects.get()
    for change in (lambda: None, job.start):
        change()
        due = come_due(schedule)
        fire_due()
        assert Job.objects.get() == job
        assert Schedule.objects.get().next_run == due + MINUTE


def test_a_fired_due_time_enqueues_a_job_with_the_rules_arguments_and_remembers_it() -> None:
    start_worker(Tracing, interval=60, label="by the clock")
    fire_due()
    job = Job.objects.get()
    assert job.kwargs == {"label": "by the clock"}
    assert job.queue_name == "low"
    assert job.object_type is None
    assert Schedule.objects.get().last_job == job


def test_a_system_job_takes_the_queue_that_is_mapped_for_jobs_without_an_object(
    settings: pytest_django.Settings,
) -> None:
    settings.PGJOBS = {"QUEUE_MAPPINGS": {None: "high"}}
    start_worker(interval=60)
    fire_due()
    assert Job.objects.get().queue_name == "high"


def test_a_cron_expression_is_read_in_the_projects_time_zone(
    settings: pytest_django.Settings,
) -> None:
    settings.TIME_ZONE = "Asia/Kathmandu"  # 5:45 ahead of UTC, all year
    schedule = start_worker(cron="15 3 * * *")
    assert not Job.objects.exists()
    assert schedule.next_run.astimezone(UTC).strftime("%H:%M") == "21:30"
    assert timedelta() < schedule.next_run - datetime.now(UTC) <= timedelta(days=1)


def test_missed_due_times_of_a_cron_expression_collapse_into_one_run() -> None:
    schedule = start_worker(cron="* * * * *")
    come_due(schedule, ago=timedelta(days=3))
    fire_due()
    end_runs()
    due_in = fire_due()
    assert Job.objects.count() == 1
    assert due_in is not None
    assert 0 < due_in <= 60
    assert Schedule.objects.get().next_run.second == 0


@pytest.mark.parametrize(("minutes", "ahead"), [(30, 20), (90, 80), (5, 0)])
def test_a_changed_interval_counts_from_the_last_run(minutes: int, ahead: int) -> None:
    start_worker(interval=60)
    fire_due()
    Schedule.objects.update(last_run=Now() - 10 * MINUTE, next_run=Now() + 50 * MINUTE)
    start_worker(interval=minutes)
    next_run = Schedule.objects.get().next_run
    expected = datetime.now(UTC) + ahead * MINUTE
    assert abs(next_run - expected) < timedelta(seconds=5)


def test_a_schedule_may_change_from_an_interval_to_a_cron_expression_and_back() -> None:
    start_worker(interval=60)
    fire_due()
    schedule = start_worker(cron="0 0 1 1 *")
    assert (schedule.interval, schedule.cron) == (None, "0 0 1 1 *")
    assert (schedule.next_run.month, schedule.next_run.day) == (1, 1)
    schedule = start_worker(interval=60)
    assert (schedule.interval, schedule.cron) == (60, "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"cron": "0 0 1 1 *"}, {"cron": "* * * * *"}),
        ({"interval": 43200}, {"interval": 1}),
        ({"cron": "0 0 1 1 *"}, {"interval": 1}),
    ],
)
def test_a_process_with_an_older_rule_sets_the_next_run_by_the_rule_of_the_row(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    schedule = start_worker(**new)
    Noop.setup(**old)  # as in a process that started before the deploy
    come_due(schedule)
    fire_due()
    schedule.refresh_from_db()
    assert schedule.next_run - datetime.now(UTC) <= MINUTE


@pytest.mark.parametrize("rule", [{"cron": "30 4 * * *"}, {"interval": 60}])
@pytest.mark.parametrize("wrong", [timedelta(minutes=7, seconds=3), timedelta(days=90)])
def test_a_next_run_that_another_rule_has_set_is_mended_when_a_worker_starts(
    rule: dict[str, Any], wrong: timedelta
) -> None:
    schedule = start_worker(**rule)
    fire_due()
    right = Schedule.objects.get().next_run
    Schedule.objects.update(next_run=Now() + wrong)
    start_worker(**rule)
    schedule.refresh_from_db()
    # A phase of an interval that is too early can't be told from a right one.
    expected = right if "cron" in rule or wrong.days else datetime.now(UTC) + wrong
    assert abs(schedule.next_run - expected) < timedelta(seconds=5)


def test_an_overdue_next_run_is_kept_when_a_worker_starts() -> None:
    schedule = start_worker(cron="30 4 * * *")
    due = come_due(schedule, ago=timedelta(days=2))
    start_worker(cron="30 4 * * *")
    assert Schedule.objects.get().next_run == due


def test_a_cron_expression_that_was_spoilt_by_hand_gives_way_to_the_rule_of_the_code(
    told: ToldSoFar,
) -> None:
    spoilt = start_worker(Noop, cron="30 4 * * *")
    sound = start_worker(Tracing, interval=60)
    Schedule.objects.filter(pk=spoilt.pk).update(cron="nonsense")
    for schedule in (spoilt, sound):
        come_due(schedule, ago=MINUTE)
    fire_due()
    assert told(events.ScheduleNotFired, job_class=Noop.path)
    assert Job.objects.get().job_class == Tracing.path
    spoilt.refresh_from_db()
    assert spoilt.cron == "30 4 * * *"
    assert spoilt.next_run > datetime.now(UTC)


def test_a_schedule_whose_job_a_trigger_refuses_does_not_stop_the_others(told: ToldSoFar) -> None:
    for job_class in (Noop, Tracing):
        start_worker(job_class, interval=60)
    query(
        "CREATE FUNCTION project_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE 'refused'; END $$; "
        "CREATE TRIGGER project_refuse BEFORE INSERT ON pgjobs_job FOR EACH ROW "
        f"WHEN (NEW.job_class = '{Noop.path}') EXECUTE FUNCTION project_refuse()"
    )
    fire_due()
    assert told(events.ScheduleNotFired, job_class=Noop.path)
    assert Job.objects.get().job_class == Tracing.path


def let_row_of_noop_refuse(how: str, event: str) -> None:
    query(
        "CREATE FUNCTION project_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {how}; END $$; "
        f"CREATE TRIGGER project_refuse BEFORE {event} ON pgjobs_schedule FOR EACH ROW "
        f"WHEN (NEW.job_class = '{Noop.path}') EXECUTE FUNCTION project_refuse()"
    )


@pytest.fixture(
    params=[
        "RAISE 'refused'",
        "RAISE 'over quota' USING ERRCODE = 'insufficient_resources'",
        "RETURN NULL",
        "RETURN OLD",
    ]
)
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How a trigger of the project refuses the row of a schedule."""
    monkeypatch.setattr("pgjobs.clock.rows._next_try", {})
    return str(request.param)


def test_a_schedule_that_refuses_to_move_on_does_not_stop_the_others(
    how: str, told: ToldSoFar
) -> None:
    refusing = start_worker(Noop, interval=60)
    start_worker(Tracing, interval=60)
    come_due(refusing, ago=MINUTE)
    let_row_of_noop_refuse(how, "UPDATE")

    due_in = fire_due()

    assert [job.job_class for job in Job.objects.all()] == [Tracing.path]
    assert told(events.ScheduleRefused, job_class=Noop.path)
    assert due_in is not None
    assert due_in > 60  # the refusing schedule is set aside, not tried again and again


@pytest.mark.parametrize("event", ["INSERT", "UPDATE"])
def test_a_schedule_that_refuses_its_rule_keeps_no_worker_from_starting(
    how: str, event: str, told: ToldSoFar
) -> None:
    if event == "UPDATE":
        start_worker(Noop, interval=30)
    let_row_of_noop_refuse(how, event)
    Noop.setup(interval=60)

    start_worker(Tracing, interval=60)

    assert told(events.ScheduleRefused, job_class=Noop.path)


def test_a_schedule_that_refuses_to_be_switched_off_keeps_no_worker_from_starting(
    told: ToldSoFar, monkeypatch: pytest.MonkeyPatch
) -> None:
    for job_class in (Noop, Tracing):
        start_worker(job_class, interval=60)
    let_row_of_noop_refuse("RAISE 'refused'", "UPDATE")
    forget_system_jobs(monkeypatch)

    synchronize()

    assert Schedule.objects.get(enabled=False).job_class == Tracing.path
    assert told(events.ScheduleRefused, job_class=Noop.path)


def test_a_schedule_whose_class_is_gone_is_off_until_the_class_returns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schedule = start_worker(interval=60)
    Schedule.objects.filter(pk=schedule.pk).update(job_class="gone.Job")
    forget_system_jobs(monkeypatch)
    synchronize()
    assert not Schedule.objects.get().enabled
    assert fire_due() is None
    assert not Job.objects.exists()
    Schedule.objects.update(job_class=Noop.path)
    start_worker(interval=60)
    assert Schedule.objects.get().enabled
    fire_due()
    assert Job.objects.count() == 1


def test_a_schedule_whose_class_this_worker_does_not_know_is_left_to_other_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start_worker(interval=60)
    forget_system_jobs(monkeypatch)
    assert fire_due() is None
    assert not Job.objects.exists()


def test_a_schedule_that_cannot_be_enqueued_does_not_stop_the_others(
    told: ToldSoFar,
) -> None:
    broken = start_worker(OnAQueueThatIsNot, interval=60)
    start_worker(Noop, interval=60)
    come_due(broken, ago=MINUTE)
    due_in = fire_due()
    assert [job.job_class for job in Job.objects.all()] == [Noop.path]
    (failed,) = told(events.ScheduleNotFired, job_class=OnAQueueThatIsNot.path)
    assert "'nowhere' is not a queue" in failed["error"]
    assert due_in is not None
    assert due_in > 60  # it is tried at its next due time, not repeatedly


def test_a_schedule_that_postgresql_refuses_does_not_stop_the_others(told: ToldSoFar) -> None:
    broken = start_worker(Tracing, interval=60, queue_name="high")
    start_worker(Noop, interval=60)
    come_due(broken, ago=MINUTE)
    statement = "ALTER TABLE pgjobs_job ADD CONSTRAINT no_high CHECK (queue_name <> 'high')"
    connection.cursor().execute(statement)

    fire_due()

    assert [job.job_class for job in Job.objects.all()] == [Noop.path]
    (failed,) = told(events.ScheduleNotFired, job_class=Tracing.path)
    assert "no_high" in failed["error"]


def test_a_starting_worker_removes_the_ticks_of_dead_workers_and_nothing_more() -> None:
    start_worker(interval=60)
    fire_due()
    rows = [
        ("pgjobs.clock", "doing"),
        ("pgjobs.clock", "failed"),
        ("pgjobs.clock", "todo"),
        ("default", "doing"),
        ("default", "failed"),
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status) "
            "VALUES (%s, 'a', %s::procrastinate_job_status)",
            rows,
        )
        Clock(burst=True).start()
        cursor.execute("SELECT queue_name, status FROM procrastinate_jobs ORDER BY id")
        assert cursor.fetchall() == rows[2:]


@pytest.mark.django_db(transaction=True)
def test_a_due_time_that_another_worker_is_firing_is_left_to_that_worker() -> None:
    start_worker(interval=60)
    with on_another_connection() as other, other.transaction():
        other.execute("SELECT FROM pgjobs_schedule FOR UPDATE")
        elsewhere(fire_due).result(10)  # the call neither waits nor fires
        assert not Job.objects.exists()
    fire_due()
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_schedule_that_is_held_by_others_is_fired_later_and_does_not_stop_the_others() -> None:
    for job_class in (Noop, Tracing):
        start_worker(job_class, interval=60)
    with on_another_connection() as other:
        other.execute(  # as enqueue_once() does in a transaction that is still open
            "INSERT INTO pgjobs_job (job_class, name, queue_name, once_key) "
            "VALUES (%s, 'Noop', 'low', %s)",
            [Noop.path, Noop.path],
        )
        due_in = elsewhere(fire_due).result(20)
        assert Job.objects.get().job_class == Tracing.path
        assert due_in is not None
        assert 0 < due_in < 2  # the next look comes soon, and not at once
        other.rollback()
    fire_due()
    assert Job.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_rules_are_known_starts_beside_a_locked_schedule() -> None:
    start_worker(interval=60)
    with on_another_connection() as other, other.transaction():
        other.execute("SELECT FROM pgjobs_schedule FOR UPDATE")
        elsewhere(synchronize).result(10)
        Noop.setup(interval=30)
        with pytest.raises(OperationalError, match="lock timeout"):
            elsewhere(synchronize).result(20)
    synchronize()
    assert Schedule.objects.get().interval == 30


@pytest.mark.django_db(transaction=True)
def test_a_due_time_that_several_workers_find_due_at_once_fires_once() -> None:
    schedule = start_worker(interval=60)
    for runs in range(1, 21):
        come_due(schedule)
        for future in [elsewhere(fire_due) for _ in range(4)]:
            future.result(10)
        end_runs()  # so that a second run would not be hidden by the first
        assert Job.objects.count() == runs


def on_another_connection() -> psycopg.Connection[Any]:
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    return psycopg.connect(**parameters)
