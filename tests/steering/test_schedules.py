"""Schedules that people run now, switch off and on, or edit, and the clocks that obey."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from pgjobs import BackgroundJob, events, stats
from pgjobs.clock.schedules import fire_due
from pgjobs.clock.synchronizing import synchronize
from pgjobs.exceptions import InvalidArgument
from pgjobs.limits import NEVER
from pgjobs.models import Job, JournalEntry, Schedule
from pgjobs.steering import schedules
from pgjobs.steering.actor import Actor
from tests.apps.testapp.jobs import Noop, Tracing
from tests.support.moments import MINUTE
from tests.support.registry import forget_system_jobs
from tests.support.rows import tell_sql
from tests.support.sql import query
from tests.support.told_events import ToldSoFar

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_system_jobs")]


BY = Actor.python("ann")


class Editable(BackgroundJob):
    class Meta:
        editable_schedule = True

    def run(self) -> None: ...


def a_schedule(job_class: type[BackgroundJob] = Noop, **rule: Any) -> Schedule:
    """Set up a system job that has run and is due again only later, and return its schedule."""
    job_class.setup(**(rule or {"interval": 60}))
    synchronize()
    rows = Schedule.objects.filter(job_class=job_class.path)
    if rows.get().interval is not None:
        rows.update(last_run=Now(), next_run=Now() + timedelta(minutes=60))
    return rows.get()


def in_one_hour(schedule: Schedule) -> bool:
    schedule.refresh_from_db()
    return abs(schedule.next_run - timezone.now() - timedelta(hours=1)) < MINUTE


# Off and on --------------------------------------------------------------------------------


def test_a_schedule_that_is_switched_off_never_fires_whatever_starts_and_restarts() -> None:
    schedule = a_schedule()
    Schedule.objects.update(next_run=Now())

    assert schedules.switch_off(Noop.path, by=BY)
    assert not schedules.switch_off(Noop.path, by=BY)
    for _ in range(2):
        Noop.setup(interval=5)  # a deploy changes the rule
        synchronize()
        assert fire_due() is None

    schedule.refresh_from_db()
    assert (schedule.next_run, schedule.interval, schedule.enabled) == (NEVER, 5, True)
    (seen,) = stats.schedules()
    assert (seen.next_run, seen.overdue_by, seen.fires) == (None, None, False)
    assert not Job.objects.exists()


def test_a_clock_of_an_older_release_cannot_make_a_switched_off_schedule_due() -> None:
    schedule = a_schedule()
    schedules.switch_off(Noop.path, by=BY)

    # The older due query, and the older start: it knows no column of the switch.
    assert not Schedule.objects.filter(enabled=True, next_run__lte=Now()).exists()
    with pytest.raises(IntegrityError, match="when_off_never_runs"), transaction.atomic():
        Schedule.objects.filter(pk=schedule.pk).update(enabled=True, next_run=Now())


@pytest.mark.parametrize("rule", [{"interval": 60}, {"cron": "15 3 * * *"}])
def test_a_schedule_that_is_switched_on_leaves_out_what_it_missed(rule: dict[str, Any]) -> None:
    schedule = a_schedule(**rule)
    schedules.switch_off(Noop.path, by=BY)
    last = timezone.now() - timedelta(days=3, minutes=10)
    Schedule.objects.update(last_run=last)

    assert schedules.switch_on(Noop.path, by=BY)
    assert not schedules.switch_on(Noop.path, by=BY)

    fire_due()
    assert not Job.objects.exists()
    schedule.refresh_from_db()
    assert schedule.next_run > timezone.now()
    if schedule.interval:
        assert (schedule.next_run - last) % timedelta(hours=1) == timedelta()


@pytest.mark.parametrize("rule", [{"interval": 60}, {"cron": "15 3 * * *"}])
@pytest.mark.parametrize("begin", [fire_due, synchronize])
def test_a_schedule_that_sql_has_switched_on_gets_its_due_time_from_a_clock(
    rule: dict[str, Any], begin: Any
) -> None:
    schedule = a_schedule(**rule)
    assert query(f"SELECT pgjobs_switch_off('{Noop.path}') AS done") == [{"done": True}]
    assert query(f"SELECT pgjobs_switch_off('{Noop.path}') AS done") == [{"done": False}]
    assert query(f"SELECT pgjobs_switch_on('{Noop.path}') AS done") == [{"done": True}]
    assert query(f"SELECT pgjobs_switch_on('{Noop.path}') AS done") == [{"done": False}]
    assert query("SELECT next_run, overdue_by FROM pgjobs_schedules") == [
        {"next_run": None, "overdue_by": None}
    ]

    begin()

    schedule.refresh_from_db()
    assert timezone.now() < schedule.next_run < timezone.now() + timedelta(days=1)
    assert not Job.objects.exists()


@pytest.mark.parametrize("cron", ["nonsense", "0 0 31 2 *"])
def test_a_schedule_without_a_rule_is_switched_on_and_gets_one_from_a_clock(cron: str) -> None:
    schedule = a_schedule(cron="15 3 * * *")
    Schedule.objects.update(cron=cron)
    schedules.switch_off(Noop.path, by=BY)

    assert schedules.switch_on(Noop.path, by=BY)
    fire_due()

    schedule.refresh_from_db()
    assert (schedule.cron, schedule.switched_off) == ("15 3 * * *", None)
    assert timezone.now() < schedule.next_run < timezone.now() + timedelta(days=1)


def test_a_class_that_leaves_the_code_and_returns_stays_switched_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_schedule()
    schedules.switch_off(Noop.path, by=BY)
    forget_system_jobs(monkeypatch)
    synchronize()
    assert Schedule.objects.filter(enabled=False).exists()
    assert schedules.switch_on(Noop.path, by=BY)
    assert schedules.switch_off(Noop.path, by=BY)

    Noop.setup(interval=60)
    synchronize()

    assert Schedule.objects.filter(enabled=True).exclude(switched_off=None).exists()


@pytest.mark.parametrize("verb", [schedules.switch_off, schedules.switch_on, schedules.run])
def test_a_name_that_is_no_schedule_is_refused_and_the_others_are_listed(verb: Any) -> None:
    a_schedule()

    with pytest.raises(LookupError, match=f"'nothing'.* {Noop.path}"):
        verb("nothing", by=BY)


# Run now -----------------------------------------------------------------------------------


def test_a_run_now_has_the_arguments_of_the_rule_and_moves_no_due_time() -> None:
    schedule = a_schedule(Tracing, interval=60, label="by hand")

    first, second = schedules.run(Tracing.path, by=BY), schedules.run(Tracing.path, by=BY)

    assert (first.is_new, second.is_new) == (True, False)
    assert first.job == second.job == Job.objects.get()
    assert first.job.kwargs == {"label": "by hand"}
    assert in_one_hour(schedule)
    Schedule.objects.update(next_run=Now())
    fire_due()
    assert Job.objects.get() == first.job, "the clock finds the place taken"


def test_a_program_that_gives_no_name_is_python_in_the_journal() -> None:
    a_schedule()

    assert schedules.run(Noop.path).is_new
    assert schedules.switch_off(Noop.path)
    assert schedules.switch_on(Noop.path)

    entries = JournalEntry.objects.values_list("who", "surface")
    assert [*entries] == [("Python", "python")] * 3


def test_a_schedule_that_is_switched_off_can_be_run_now() -> None:
    a_schedule()
    schedules.switch_off(Noop.path, by=BY)

    assert schedules.run(Noop.path, by=BY).is_new


def test_a_run_now_from_sql_makes_the_same_job_as_one_from_python() -> None:
    schedule = a_schedule(Tracing, interval=60, label="by hand")
    tell_sql()
    call = f"SELECT * FROM pgjobs_run_schedule('{Tracing.path}')"
    made = schedules.run(Tracing.path, by=BY).job
    made.cancel()

    ((first,), (second,)) = query(call), query(call)

    assert (first["is_new"], second["is_new"]) == (True, False)
    job = Job.objects.get(pk=first["job"])
    same = ("job_class", "name", "kwargs", "queue_name", "once_key", "priority", "max_attempts")
    assert [getattr(job, name) for name in same] == [getattr(made, name) for name in same]
    assert in_one_hour(schedule)


def test_of_two_runs_in_one_statement_of_sql_one_is_new_and_in_the_journal() -> None:
    a_schedule()
    tell_sql()

    rows = query(
        "SELECT run.is_new FROM generate_series(1, 2) AS turn, "
        f"pgjobs_run_schedule('{Noop.path}' || left(turn::text, 0)) AS run"
    )

    assert sorted(row["is_new"] for row in rows) == [False, True]
    assert JournalEntry.objects.filter(verb="run schedule").count() == 1


def test_sql_runs_no_system_job_whose_class_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    a_schedule()
    tell_sql()
    forget_system_jobs(monkeypatch)
    synchronize()

    with pytest.raises(Exception, match="no worker knows the system job"), transaction.atomic():
        query(f"SELECT * FROM pgjobs_run_schedule('{Noop.path}')")
    assert not Job.objects.exists()


@pytest.mark.parametrize("function", ["run_schedule", "switch_off", "switch_on"])
def test_sql_refuses_a_name_that_is_no_schedule(function: str) -> None:
    with pytest.raises(Exception, match="there is no schedule 'nothing'"), transaction.atomic():
        query(f"SELECT pgjobs_{function}('nothing')")


# Edit --------------------------------------------------------------------------------------


def test_an_edited_rule_wins_over_the_code_until_it_is_taken_back() -> None:
    schedule = a_schedule(Editable, interval=60)

    edited = schedules.edit(Editable.path, by=BY, cron="15 3 * * *")

    assert edited.next_run.minute == 15
    for minutes in (60, 30):  # a restart, and a deploy with another rule
        Editable.setup(interval=minutes)
        synchronize()
        schedule.refresh_from_db()
        assert (schedule.interval, schedule.cron) == (None, "15 3 * * *")
        assert schedule.next_run == edited.next_run
    assert [row.edited for row in stats.schedules()] == [True]
    assert schedules.take_back(Editable.path, by=BY)
    assert not schedules.take_back(Editable.path, by=BY)
    schedule.refresh_from_db()
    assert (schedule.interval, schedule.cron, schedule.is_edited) == (30, "", False)
    assert schedule.next_run < timezone.now() + timedelta(minutes=31)


def test_an_edited_interval_counts_from_the_last_run() -> None:
    a_schedule(Editable, interval=1440)
    last = timezone.now() - timedelta(minutes=10)
    Schedule.objects.update(last_run=last)

    assert schedules.edit(Editable.path, by=BY, interval=60).next_run == last + timedelta(hours=1)


def test_a_clock_of_an_older_release_cannot_write_its_rule_over_an_edited_one() -> None:
    schedule = a_schedule(Editable, interval=60)
    schedules.edit(Editable.path, by=BY, interval=30)

    with pytest.raises(IntegrityError, match="edited_rule_holds"), transaction.atomic():
        Schedule.objects.filter(pk=schedule.pk).update(interval=60, cron="")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"interval": 0}, "interval must be"),
        ({"interval": True}, "interval must be"),
        ({"cron": "*/90 * * * *"}, "steps the minute"),
        ({"cron": "* * *"}, "is not a cron expression"),
        ({}, "Give either"),
        ({"interval": 5, "cron": "15 3 * * *"}, "Give either"),
    ],
)
def test_an_edit_with_a_rule_that_setup_would_refuse_is_refused(
    rule: dict[str, Any], words: str
) -> None:
    schedule = a_schedule(Editable, interval=60)

    with pytest.raises(InvalidArgument, match=words):
        schedules.edit(Editable.path, by=BY, **rule)

    schedule.refresh_from_db()
    assert (schedule.interval, schedule.is_edited) == (60, False)


def test_a_rule_is_not_edited_if_its_class_does_not_allow_it() -> None:
    a_schedule()

    with pytest.raises(InvalidArgument, match="editable_schedule"):
        schedules.edit(Noop.path, by=BY, interval=5)


def test_an_edited_rule_is_dropped_when_the_code_allows_it_no_more(
    told: ToldSoFar, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = a_schedule(Editable, interval=60)
    schedules.edit(Editable.path, by=BY, interval=30)
    monkeypatch.setattr(Editable, "options", Noop.options)

    synchronize()

    schedule.refresh_from_db()
    assert (schedule.interval, schedule.is_edited) == (60, False)
    assert told(events.ScheduleEditDropped, job_class=Editable.path)


def test_an_edit_of_a_schedule_that_is_switched_off_leaves_it_off() -> None:
    schedule = a_schedule(Editable, interval=60)
    schedules.switch_off(Editable.path, by=BY)

    schedules.edit(Editable.path, by=BY, interval=30)

    assert fire_due() is None
    schedules.switch_on(Editable.path, by=BY)
    schedule.refresh_from_db()
    assert timezone.now() < schedule.next_run <= timezone.now() + timedelta(minutes=30)
