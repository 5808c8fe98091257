"""The pages of schedules: rules, next runs, outcomes, and the orders to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from pgjobs import BackgroundJob
from pgjobs.clock.synchronizing import synchronize
from pgjobs.models import Job, Schedule
from pgjobs.pages.schedules.rules import in_words, upcoming
from tests.apps.testapp.jobs import Noop
from tests.support.moments import ago
from tests.support.pages import at, journalled, order
from tests.support.registry import forget_system_jobs
from tests.support.rows import a_job
from tests.support.sql import query
from tests.support.staff import shown, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return signed_in("view_job", "view_schedule", "change_schedule")


def a_schedule(**columns: Any) -> Schedule:
    row = {"job_class": "a.B", "interval": 60, "next_run": ago(hours=-1), **columns}
    return Schedule.objects.create(**row)


# Looking -----------------------------------------------------------------------------------


def test_a_schedule_shows_its_rule_its_next_run_and_its_last_job(client: Client) -> None:
    job = a_job("failed")
    schedule = a_schedule(next_run=ago(hours=-1, minutes=-1), last_job=job, last_run=ago(hours=0))
    for page in (at("schedules"), at("schedule", schedule.pk)):
        html = shown(client, page)
        assert "every hour" in html
        assert "in 1 h" in html
        assert at("job", job.pk) in html


def test_a_schedule_that_missed_its_slot_is_shown_as_overdue(client: Client) -> None:
    a_schedule(next_run=ago(hours=3, minutes=4))
    assert "Overdue by 3 h" in shown(client, at("schedules"))


def test_a_schedule_whose_class_is_gone_is_shown_as_such_and_not_overdue(client: Client) -> None:
    a_schedule(next_run=ago(hours=3), enabled=False)
    html = shown(client, at("schedules"))
    assert "Class is gone" in html
    assert "Overdue" not in html


def test_a_schedule_whose_last_job_was_pruned_is_shown(client: Client) -> None:
    schedule = a_schedule(interval=None, cron="15 3 * * *", last_job_id=987654)
    assert "every day at 03:15" in shown(client, at("schedules"))
    assert "987654" not in shown(client, at("schedule", schedule.pk))


@pytest.mark.parametrize("style", ["iso_8601", "sql_standard", "postgres_verbose"])
def test_spans_of_time_are_shown_whatever_interval_style_the_database_sets(
    style: str, client: Client
) -> None:
    query(f"SET LOCAL IntervalStyle = '{style}'")
    a_schedule(next_run=ago(hours=3, minutes=4))
    assert "Overdue by 3 h" in shown(client, at("schedules"))


def test_the_outcomes_of_the_last_runs_are_marked_the_oldest_first(client: Client) -> None:
    a_schedule(interval=1)
    for minutes, outcome in ((3, "completed"), (2, "errored"), (1, "completed")):
        query(
            "INSERT INTO pgjobs_ends (ended, job_class, queue, outcome, jobs) "
            "VALUES (%s, 'a.B', 'low', %s, 1)",
            ago(minutes=minutes),
            outcome,
        )
    html = shown(client, at("schedules"))
    marks = [mark for mark in html if mark in "✓✗"]
    assert marks == ["✓", "✗", "✓"]
    assert "well" in html
    assert "failed" in html


def test_a_user_who_sees_not_all_jobs_gets_no_outcomes(client: Client, settings: Any) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.access.hooks.own_queues"}
    job = a_job("errored", queue_name="high")
    schedule = a_schedule(interval=1, last_job=job)
    query(
        "INSERT INTO pgjobs_ends (ended, job_class, queue, outcome, jobs) "
        "VALUES (now(), 'a.B', 'high', 'errored', 1)"
    )
    for page in (at("schedules"), at("schedule", schedule.pk), at("overview")):
        html = shown(client, page)
        assert "✗" not in html
        assert at("job", job.pk) not in html


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"interval": 1}, "every minute"),
        ({"interval": 5}, "every 5 minutes"),
        ({"interval": 60}, "every hour"),
        ({"interval": 180}, "every 3 hours"),
        ({"interval": 1440}, "every day"),
        ({"interval": 2880}, "every 2 days"),
        ({"cron": "15 3 * * *"}, "every day at 03:15"),
        ({"cron": "5 * * * *"}, "every hour at minute 5"),
        ({"cron": "*/10 * * * *"}, "every 10 minutes, by the clock"),
        ({"cron": "0 6 * * 1"}, "every Monday at 06:00"),
        ({"cron": "0 6 * * 0"}, "every Sunday at 06:00"),
        ({"cron": "0 6 * * 7"}, "every Sunday at 06:00"),
        ({"cron": "30 0 1 * *"}, "on day 1 of each month at 00:30"),
        ({"cron": "0 6 1 1 *"}, "cron 0 6 1 1 *"),
        ({"cron": "nonsense"}, "cron nonsense"),
    ],
)
def test_a_rule_is_told_in_words(rule: dict[str, Any], words: str) -> None:
    assert in_words(Schedule(**rule)) == words


def test_the_next_runs_follow_from_the_rule() -> None:
    first = ago(hours=-1)
    hourly = upcoming(Schedule(interval=60, next_run=first), 3)
    assert hourly == [first + timedelta(hours=each) for each in range(3)]
    first = first.replace(hour=3, minute=15, second=0, microsecond=0)
    daily = upcoming(Schedule(cron="15 3 * * *", next_run=first), 3)
    assert daily == [first + timedelta(days=each) for each in range(3)]


@pytest.mark.parametrize("columns", [{"switched_off": ago()}, {"enabled": False}], ids=list)
def test_a_schedule_that_does_not_fire_has_no_next_runs(columns: dict[str, Any]) -> None:
    assert upcoming(Schedule(interval=60, next_run=ago(hours=-1), **columns), 3) == []


def test_a_rule_that_was_written_by_hand_is_shown(client: Client) -> None:
    odd: list[dict[str, Any]] = [
        {"cron": "nonsense", "interval": None},
        {"interval": 2**31 - 1},
        {"interval": 1},
    ]
    for number, columns in enumerate(odd):
        schedule = a_schedule(job_class=f"{number}<b>'\"", **columns)
        assert f"{number}&lt;b&gt;" in shown(client, at("schedule", schedule.pk))
    assert "&lt;b&gt;" in shown(client, at("schedules"))


@pytest.mark.parametrize("key", ["9" * 24, "9" * 4301, "%00", "x", "987654"])
def test_a_schedule_that_does_not_exist_is_not_found(key: str, client: Client) -> None:
    assert client.get(f"/jobs/schedules/{key}/").status_code == 404
    assert client.post(f"/jobs/schedules/{key}/run/").status_code == 404


def test_the_addresses_of_the_admin_lead_to_the_pages(client: Client) -> None:
    schedule = a_schedule()
    old = "/admin/pgjobs/schedule/"
    assert client.get(old)["Location"] == at("schedules")
    assert client.get(f"{old}{schedule.pk}/change/")["Location"] == at("schedule", schedule.pk)
    assert client.get(f"{old}x/change/")["Location"] == at("schedules")


def test_a_superuser_neither_adds_changes_nor_deletes_schedules_in_the_admin(
    admin_client: Client,
) -> None:
    key, old = a_schedule().pk, "/admin/pgjobs/schedule/"
    assert admin_client.get(f"{old}add/").status_code == 403
    assert admin_client.post(old, {"action": "delete_selected"}).status_code == 403
    assert admin_client.post(f"{old}{key}/change/", {"job_class": "x"}).status_code == 403
    assert admin_client.post(f"{old}{key}/delete/", {"post": "yes"}).status_code == 403


# Steering ----------------------------------------------------------------------------------


@pytest.fixture
def schedule(no_system_jobs: None) -> Schedule:
    Noop.setup(interval=60)
    synchronize()
    return Schedule.objects.get()


class Rhythm(BackgroundJob):
    """A system job whose rule an operator may edit."""

    class Meta:
        editable_schedule = True

    def run(self) -> None: ...


@pytest.fixture
def editable(no_system_jobs: None) -> Schedule:
    Rhythm.setup(interval=60)
    synchronize()
    return Schedule.objects.get()


def test_a_system_job_is_run_now_and_switched_off_and_on(
    client: Client, schedule: Schedule
) -> None:
    key = schedule.pk
    (said,) = order(client, "run-schedule", key)
    assert said == f"{Noop.path}: enqueued as job {Job.objects.get().pk}."
    assert "is live already" in order(client, "run-schedule", key)[0]
    assert order(client, "switch-off", key) == [f"{Noop.path} is switched off."]
    assert "switched off" in shown(client, at("schedule", key))
    assert order(client, "switch-off", key) == [f"{Noop.path} was so already."]
    assert order(client, "switch-on", key) == [f"{Noop.path} is switched on."]
    assert journalled() == [
        ("staff", "run schedule", Noop.path, 1),
        ("staff", "switch off", Noop.path, 1),
        ("staff", "switch on", Noop.path, 1),
    ]


def test_a_system_job_whose_class_is_gone_is_not_run_and_named(
    client: Client, schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_system_jobs(monkeypatch)
    (said,) = order(client, "run-schedule", schedule.pk)
    assert f"{Noop.path!r} is no system job of this code" in said


def test_a_rule_is_edited_and_taken_back(client: Client, editable: Schedule) -> None:
    key = editable.pk
    assert at("edit-schedule", key) in shown(client, at("schedule", key))
    order(client, "edit-schedule", key, interval="5")
    assert "every 5 minutes" in shown(client, at("schedules"))
    order(client, "edit-schedule", key, cron="15 3 * * *")
    assert "every day at 03:15" in shown(client, at("schedules"))
    assert "(edited)" in shown(client, at("schedules"))
    order(client, "take-back", key)
    assert "every hour" in shown(client, at("schedules"))
    verbs = [verb for _who, verb, _subject, _done in journalled()]
    assert verbs == ["edit schedule", "edit schedule", "take rule back"]


@pytest.mark.parametrize(
    ("form", "field", "said"),
    [
        ({}, "interval", "Give either minutes or a cron expression."),
        ({"interval": "5", "cron": "* * * * *"}, "interval", "Give either"),
        ({"interval": "soon"}, "interval", "This must be a whole number of minutes."),
        ({"interval": "0"}, "interval", "0"),
        ({"interval": "9" * 30}, "interval", "whole number"),
        ({"cron": "<b>*/90 * * *"}, "cron", "&lt;b&gt;"),
    ],
)
def test_a_wrong_rule_is_refused_beside_its_field(
    form: dict[str, str], field: str, said: str, client: Client, editable: Schedule
) -> None:
    response = client.post(at("edit-schedule", editable.pk), form)
    html = response.content.decode()
    assert response.status_code == 400
    assert said in html.partition(f'id="pgj-{field}-error">')[2].partition("</span>")[0]
    assert Schedule.objects.get().interval == 60
    assert journalled() == []


def test_the_rule_of_a_class_that_does_not_allow_it_is_not_edited(
    client: Client, schedule: Schedule
) -> None:
    assert at("edit-schedule", schedule.pk) not in shown(client, at("schedule", schedule.pk))
    response = client.post(at("edit-schedule", schedule.pk), {"interval": "5"})
    assert response.status_code == 400
    assert Schedule.objects.get().interval == 60


def test_a_refusal_of_the_database_becomes_a_message(client: Client, schedule: Schedule) -> None:
    query("ALTER TABLE pgjobs_schedule ADD CONSTRAINT house CHECK (switched_off IS NULL)")
    (said,) = order(client, "switch-off", schedule.pk)
    assert said.startswith("PostgreSQL refused the change:")
    assert "house" in said


def test_a_user_who_may_only_view_steers_no_schedule(schedule: Schedule) -> None:
    looking = signed_in("view_schedule")
    assert at("run-schedule", schedule.pk) not in shown(looking, at("schedules"))
    for name in ("run-schedule", "switch-off", "switch-on", "edit-schedule", "take-back"):
        assert looking.post(at(name, schedule.pk)).status_code == 403
    assert not Job.objects.exists()
    assert not Schedule.objects.exclude(switched_off=None).exists()
