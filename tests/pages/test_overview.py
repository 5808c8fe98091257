"""The overview and the doctor's findings: what a user finds on the first page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from pgjobs.doctor import Finding
from pgjobs.models import Job
from pgjobs.pages.overview import doctor
from tests.support.browsing import HOSTILE
from tests.support.moments import ago
from tests.support.pages import VIEWER, at, forget_examinations
from tests.support.rows import a_job, a_worker
from tests.support.sql import query
from tests.support.staff import shown, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_examination(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_examinations(monkeypatch)


@pytest.fixture
def client() -> Client:
    return signed_in(*VIEWER)


def panel(html: str, title: str) -> str:
    """Return the part of the page below a heading."""
    return html.partition(f"<h2>{title}")[2].partition("</section>")[0]


def test_running_jobs_are_shown_with_their_progress_the_longest_running_first(
    client: Client,
) -> None:
    progress = {"done": 81, "total": 100, "message": "docs"}
    a_job("running", name="late", started=ago(minutes=1), progress=progress)
    a_job("running", name="early", started=ago(minutes=9))
    running = panel(shown(client, at("overview")), "Running now")
    assert running.index("early") < running.index("late")
    assert 'value="81"' in running
    assert "9 min 0 s" in running


def test_progress_that_was_written_by_hand_is_shown(client: Client) -> None:
    odd: list[Any] = [[], "x", {"done": "x"}, {"done": 1, "total": 0}, {"message": HOSTILE}]
    for progress in odd:
        a_job("running", progress=progress)
    assert "<script>window" not in shown(client, at("overview"))


def test_each_panel_leads_to_the_page_that_says_more(client: Client) -> None:
    html = shown(client, at("overview"))
    for name in ("queue", "failures", "schedules", "workers"):
        assert at(name, *["high"] * (name == "queue")) in html


@pytest.mark.parametrize(
    ("permission", "title"), [("view_workerprocess", "Workers"), ("view_schedule", "Schedules")]
)
def test_a_panel_is_left_out_for_a_user_without_its_permission(permission: str, title: str) -> None:
    html = shown(signed_in(*set(VIEWER) - {permission}), at("overview"))
    assert f"<h2>{title}" not in html


@pytest.mark.usefixtures("nothing_counted")
@pytest.mark.parametrize("span", ["hour", "day", "week"])
def test_the_chart_shows_the_span_of_the_address(client: Client, span: str) -> None:
    query(
        "INSERT INTO pgjobs_ends (ended, job_class, queue, outcome, jobs, run_bucket) "
        "VALUES (now(), 'a', 'b', 'completed', 7, 0), (now(), 'a', 'b', 'errored', 2, 30)"
    )
    html = shown(client, at("overview", span=span))
    assert f'href="?span={span}" aria-current="true"' in html
    assert "<b>9</b> ended" in html
    assert 'class="pgj-of-completed"' in html
    assert "<polyline" in html


def test_an_unknown_span_is_an_hour(client: Client) -> None:
    html = shown(client, at("overview", span="<script>"))
    assert 'href="?span=hour" aria-current="true"' in html


def test_a_user_who_sees_not_all_jobs_gets_no_statistics_and_is_told_why(
    client: Client, settings: Any
) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.access.hooks.own_queues"}
    a_job("running", name="of others", queue_name="high")
    query(
        "INSERT INTO pgjobs_ends (ended, job_class, queue, outcome, jobs) "
        "VALUES (now(), 'a', 'high', 'completed', 4711)"
    )
    html = shown(client, at("overview"))
    assert "You see some of the jobs." in html
    assert "Throughput" not in html
    assert "4,711" not in html
    assert "of others" not in html
    assert at("doctor-banner") not in html


# The doctor -------------------------------------------------------------------------------


def test_the_banner_tells_the_worst_finding_and_its_remedy(client: Client) -> None:
    a_job(queue_name="low")
    html = shown(client, at("doctor-banner"))
    assert "Critical" in html
    assert "no living worker serves it" in html
    assert at("doctor") in html
    assert "unserved queue" in shown(client, at("doctor"))


def test_the_overview_does_not_examine_and_shows_what_is_known(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as nobody_examines:
        nobody_examines.setattr(doctor, "examine", lambda: pytest.fail("examined"))
        assert at("doctor-banner") in shown(client, at("overview"))
    a_job(queue_name="low")
    shown(client, at("doctor-banner"))
    assert "no living worker serves it" in shown(client, at("overview"))


def test_a_process_examines_once_in_a_minute(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def examine() -> list[Finding]:
        looks.append(1)
        return []

    monkeypatch.setattr(doctor, "examine", examine)
    for _ in range(3):
        shown(client, at("doctor"))
    assert len(looks) == 1
    monkeypatch.setattr(doctor, "FRESH", 0.0)
    shown(client, at("doctor-banner"))
    assert len(looks) == 2


def test_text_of_a_finding_is_escaped(client: Client) -> None:
    a_job()
    Job.objects.update(queue_name=HOSTILE, job_class=HOSTILE)
    for name in ("doctor", "doctor-banner"):
        html = shown(client, at(name))
        assert "window.harmed" in html
        assert "<script>window" not in html


@pytest.mark.parametrize("name", ["doctor", "doctor-banner"])
def test_the_doctor_answers_users_who_see_workers_and_all_jobs(name: str, settings: Any) -> None:
    client = signed_in("view_job")
    assert client.get(at(name)).status_code == 403
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.access.hooks.own_queues"}
    client.logout()
    client = Client()
    from django.contrib.auth.models import User

    client.force_login(User.objects.create_superuser("root"))
    assert client.get(at(name)).status_code == 403


def test_workers_are_shown_with_what_is_odd_about_them(client: Client) -> None:
    a_worker(name="calm", has_session_lock=False)
    a_worker(name="lost", has_session_lock=False, heartbeat=ago(minutes=5))
    workers = panel(shown(client, at("overview")), "Workers")
    assert "calm" in workers
    assert "Silent" in workers
    assert "Alive" not in workers


def test_the_index_of_the_app_in_the_admin_leads_to_the_overview(client: Client) -> None:
    assert f'href="{at("overview")}"' in shown(client, "/admin/pgjobs/")
