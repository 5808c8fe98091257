"""The pages of queues: what waits, rates, and the orders to pause and resume."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from pgjobs import stats
from pgjobs.models import Job, Pause
from pgjobs.pages.queues import states as queue_states
from pgjobs.pages.queues.states import QueueState, states
from pgjobs.pages.sight import sight_of
from tests.apps.testapp.jobs import Noop
from tests.support.browsing import HOSTILE
from tests.support.moments import ago
from tests.support.pages import at, journalled, order
from tests.support.rows import a_job, a_worker
from tests.support.sql import query
from tests.support.staff import shown, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return signed_in("view_job", "manage_queues")


def seen() -> dict[str, QueueState]:
    return {each.name: each for each in states(sight_of(User(is_superuser=True)), stats.workers())}


def count_ends(queue: str, jobs: int, outcome: str = "completed", minutes: int = 1) -> None:
    query(
        "INSERT INTO pgjobs_ends (ended, job_class, queue, outcome, jobs) "
        "VALUES (%s, 'a', %s, %s, %s)",
        ago(minutes=minutes),
        queue,
        outcome,
        jobs,
    )


# Numbers ----------------------------------------------------------------------------------


def test_a_queue_counts_what_waits_runs_and_serves_it() -> None:
    a_worker(has_session_lock=False, concurrency=4)
    for status, number in (("pending", 3), ("scheduled", 2), ("running", 1), ("completed", 5)):
        for _ in range(number):
            a_job(status)
    found = seen()["default"]
    assert (found.waiting, found.scheduled, found.running) == (3, 2, 1)
    assert (found.workers, found.slots) == (1, 4)
    assert not found.lacks_worker


def test_the_projects_queues_come_in_their_order_and_unknown_ones_after_them() -> None:
    a_job(queue_name="zebra")
    assert list(seen())[:3] == ["high", "default", "low"]
    assert list(seen())[-1] == "zebra"
    assert not seen()["zebra"].is_known


def test_a_queue_with_jobs_and_without_a_worker_is_told_apart(client: Client) -> None:
    a_job(queue_name="low")
    assert seen()["low"].lacks_worker
    assert not seen()["high"].lacks_worker
    assert "No worker" in shown(client, at("queues"))


@pytest.mark.usefixtures("nothing_counted")
def test_the_rates_are_those_of_the_last_minutes() -> None:
    for _ in range(10):
        a_job()
    count_ends("default", 60, minutes=1)
    count_ends("default", 600, minutes=30)
    found = seen()["default"]
    assert found.arriving == pytest.approx(2)
    assert found.leaving is not None
    assert 10 <= found.leaving <= 12
    assert sum(found.ended) == 660
    assert [each for each in found.ended if each] == [600, 60]


def test_the_time_to_drain_follows_from_the_rates() -> None:
    draining = QueueState(name="a", waiting=60, arriving=10, leaving=40)
    assert draining.drains_in is not None
    assert draining.drains_in.total_seconds() == 120
    for state in (
        QueueState(name="a", waiting=60, arriving=40, leaving=10),
        QueueState(name="a", waiting=60, arriving=10, leaving=10),
    ):
        assert state.drains_in is None
        assert state.grows
    paused = QueueState(name="a", waiting=6, arriving=1, leaving=4, paused=ago(hours=1))
    assert (paused.drains_in, paused.grows) == (None, False)
    assert QueueState(name="a", arriving=1, leaving=4).drains_in is None


def test_arrivals_are_a_rate_of_the_newest_jobs_if_more_came_than_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue_states, "MOST", 10)
    for number in range(20):
        a_job(created=ago(seconds=20 - number))
    arriving = seen()["default"].arriving
    assert arriving is not None
    assert 50 < arriving < 70


def test_a_user_who_sees_not_all_jobs_gets_counts_of_visible_ones_and_no_rates(
    client: Client, settings: Any
) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.access.hooks.own_queues"}
    for queue in ("default", "high", "high"):
        a_job(queue_name=queue, created=ago(minutes=3))
    found = seen()
    assert (found["default"].waiting, found["high"].waiting) == (1, 0)
    assert found["default"].oldest is not None
    assert (found["default"].arriving, found["default"].leaving) == (None, None)
    html = shown(client, at("queues"))
    assert "You see some of the jobs" in html
    assert "In/min" not in html
    assert "of the newest 20,000 jobs that you see" in shown(client, at("queue", "default"))


def test_a_hook_that_filters_nothing_leaves_the_rates(client: Client, settings: Any) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.access.hooks.shows_all"}
    assert "In/min" in shown(client, at("queues"))


# Pages ------------------------------------------------------------------------------------


def test_the_page_of_a_queue_lists_its_newest_jobs(client: Client) -> None:
    job, other = a_job(queue_name="low"), a_job()
    html = shown(client, at("queue", "low"))
    assert f'id="job-{job.pk}"' in html
    assert f'id="job-{other.pk}"' not in html


def test_the_page_of_a_queue_tells_its_state_in_words(client: Client) -> None:
    a_worker(has_session_lock=False, concurrency=4)
    a_job(created=ago(minutes=3, seconds=5))
    html = " ".join(shown(client, at("queue", "default")).split())
    assert "<b>1</b> waiting, oldest 3 min 5 s" in html
    assert "<b>0</b> running of 4 slots" in html


@pytest.mark.parametrize("name", ["myplugin.foo", "a-b_c.d", "0"])
def test_a_queue_of_any_valid_name_has_a_page(client: Client, name: str) -> None:
    a_job(queue_name=name)
    assert at("queue", name) in shown(client, at("queues"))
    assert name in shown(client, at("queue", name))


@pytest.mark.parametrize("name", [HOSTILE, "", "a/b", "ü", " ", "..", "a\nb"])
def test_a_queue_whose_name_was_written_by_hand_is_shown_without_a_page(
    client: Client, name: str
) -> None:
    a_job()
    Job.objects.update(queue_name=name)
    for page in (at("queues"), at("overview")):
        assert "<script>window" not in shown(client, page)


@pytest.mark.parametrize("name", ["missing", "..", "a%2Fb", "%00", "x" * 101])
def test_a_queue_that_does_not_exist_is_not_found(client: Client, name: str) -> None:
    assert client.get(f"/jobs/queues/{name}/").status_code == 404


# Orders -----------------------------------------------------------------------------------


def test_a_queue_is_paused_and_resumed(client: Client) -> None:
    assert order(client, "pause", queue="low") == ["low is paused."]
    assert "Paused" in shown(client, at("queue", "low"))
    assert order(client, "pause", queue="low") == ["low was paused already."]
    assert order(client, "resume", queue="low") == ["low is resumed."]
    assert order(client, "resume", queue="low") == ["low was not paused."]
    assert not Pause.objects.exists()
    assert journalled() == [("staff", "pause", "low", 1), ("staff", "resume", "low", 1)]


def test_a_job_class_is_paused_and_resumed(client: Client) -> None:
    assert order(client, "pause", job_class=Noop.path) == [f"{Noop.path} is paused."]
    assert "Paused job classes" in shown(client, at("queues"))
    order(client, "resume", job_class=Noop.path)
    assert "Paused job classes" not in shown(client, at("queues"))


def test_a_queue_or_class_that_does_not_exist_is_refused_in_words(client: Client) -> None:
    assert "lou" in order(client, "pause", queue="lou")[0]
    assert "no.Such" in order(client, "pause", job_class="no.Such")[0]
    assert journalled() == []


@pytest.mark.parametrize("form", [{}, {"queue": ""}, {"queue": "low", "job_class": "a.B"}])
def test_a_form_that_names_nothing_or_both_is_not_found(
    client: Client, form: dict[str, str]
) -> None:
    assert client.post(at("pause"), form).status_code == 404


def test_after_an_order_the_user_is_back_on_the_page_and_never_elsewhere(client: Client) -> None:
    here = at("overview", span="day")
    form = {"queue": "low", "next": here}
    assert client.post(at("pause"), form)["Location"] == here
    for elsewhere in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        response = client.post(at("pause"), {**form, "next": elsewhere})
        assert response["Location"] == at("queues")


@pytest.mark.parametrize("name", ["pause", "resume"])
def test_an_order_needs_post_and_the_permission(client: Client, name: str) -> None:
    assert client.get(at(name), {"queue": "low"}).status_code == 405
    client.logout()
    assert client.post(at(name), {"queue": "low"}).status_code == 302
    assert not Pause.objects.exists()


@pytest.mark.parametrize("root", ["/admin/pgjobs/job/", "/jobs/"])
def test_a_request_from_another_site_pauses_nothing(root: str) -> None:
    strict = signed_in("view_job", "manage_queues", enforce_csrf_checks=True)
    assert strict.post(f"{root}pause/", {"queue": "low"}).status_code == 403
    assert not Pause.objects.exists()


def test_a_refusal_of_the_database_becomes_a_message(client: Client) -> None:
    query("ALTER TABLE pgjobs_pause ADD CONSTRAINT house CHECK (name <> 'low')")
    (said,) = order(client, "pause", queue="low")
    assert said.startswith("PostgreSQL refused the change:")
