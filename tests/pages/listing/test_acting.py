"""Actions on selected jobs and on all that match: counted, confirmed, journalled."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.utils import timezone

from pgjobs.models import Job, JournalEntry
from pgjobs.pages.listing import acting, paging
from pgjobs.steering.carrying import carry_to_the_end
from tests.apps.testapp.jobs import Noop
from tests.support.job_status import status_of
from tests.support.rows import a_job, a_worker
from tests.support.sql import query
from tests.support.staff import LIST, choose, shown, signed_in

pytestmark = pytest.mark.django_db

CONFIRM, ACT = f"{LIST}confirm/", f"{LIST}act/"


@pytest.fixture
def steerer() -> Client:
    return signed_in("change_job", "view_job", "delete_job")


def test_selected_jobs_are_cancelled_and_finished_ones_are_left_as_they_were(
    steerer: Client,
) -> None:
    jobs = [a_job(status) for status in ("pending", "scheduled", "running", "completed", "failed")]
    assert choose(steerer, "cancel", *jobs) == ["Cancelled, or told to stop: 3 jobs."]
    found = [status_of(job) for job in jobs]
    assert found == ["cancelled", "cancelled", "running", "completed", "failed"]


def test_selected_jobs_are_retried(steerer: Client) -> None:
    jobs = [a_job(status) for status in ("errored", "cancelled", "pending")]
    assert choose(steerer, "retry", *jobs) == ["2 jobs will run again."]
    assert {status_of(job) for job in jobs} == {"pending"}


def test_a_finished_job_whose_place_is_taken_is_left_as_it_was(steerer: Client) -> None:
    ended = Noop.enqueue_once()
    ended.cancel()
    Noop.enqueue_once()
    assert choose(steerer, "retry", ended) == ["0 jobs will run again. Left as they were: 1 job."]
    assert status_of(ended) == "cancelled"


def test_an_action_on_all_reaches_all_jobs_that_match_and_no_other(steerer: Client) -> None:
    jobs = [a_job("failed"), a_job("failed"), a_job("failed", queue_name="low")]
    assert choose(steerer, "retry", query="queue:default") == ["2 jobs will run again."]
    assert [status_of(job) for job in jobs] == ["pending", "pending", "failed"]


@pytest.mark.parametrize(("verb", "status"), [("cancel", "pending"), ("delete", "failed")])
def test_an_action_on_all_leaves_out_what_matches_after_the_confirmation(
    verb: str, status: str, steerer: Client
) -> None:
    confirmed = a_job(status)
    query = {"verb": verb, "id": "all", "q": f"status:{status}"}
    asked = steerer.get(CONFIRM, query).context["filter"]
    later = a_job(status, **({"completed": timezone.now()} if status == "failed" else {}))
    steerer.post(ACT, {"verb": verb, "filter": asked})
    assert status_of(later) == status
    assert not Job.objects.filter(pk=confirmed.pk, status=status).exists()


def test_one_job_is_named_by_one_id(steerer: Client) -> None:
    jobs = [a_job("failed"), a_job("failed")]
    one = f"retry-{jobs[0].pk},{jobs[1].pk}"
    assert steerer.get(CONFIRM, {"one": one}).status_code == 400


def test_an_action_on_all_needs_a_filter(steerer: Client) -> None:
    job = a_job("failed")
    (said,) = choose(steerer, "retry", query="")
    assert said == "Give a filter first: no action is on all jobs."
    empty = {"verb": "retry", "filter": "{}"}
    assert steerer.post(ACT, empty).status_code == 400
    assert status_of(job) == "failed"


def test_an_action_without_a_job_asks_for_one(steerer: Client) -> None:
    response = steerer.get(CONFIRM, {"verb": "retry"}, follow=True)
    assert "Select jobs first." in response.content.decode()


def test_the_confirmation_tells_the_number_three_examples_and_what_is_refused(
    steerer: Client,
) -> None:
    jobs = [a_job("failed", name=f"Job {number}") for number in range(5)]
    a_job("running")
    html = shown(steerer, f"{CONFIRM}?verb=retry&id=all&q=queue:default")
    assert "Retry 5 jobs</button>" in html
    assert "1 of the selected jobs has not finished, so it stays as it is." in html
    assert [job.name in html for job in jobs] == [False, False, True, True, True]
    assert {status_of(job) for job in jobs} == {"failed"}


def test_a_confirmation_of_nothing_has_no_button(steerer: Client) -> None:
    html = shown(steerer, f"{CONFIRM}?verb=retry&id={a_job().pk}")
    assert "There is nothing to do" in html
    assert "</button>" not in html.partition('class="pgj-confirm"')[2]


def test_more_jobs_than_are_counted_are_changed_all_the_same(
    steerer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "COUNTED", 2)
    monkeypatch.setattr("pgjobs.pages.listing.words.COUNTED", 2)
    for _ in range(4):
        a_job("failed")
    html = shown(steerer, f"{CONFIRM}?verb=retry&id=all&q=status:failed")
    assert "Retry more than 2 jobs" in html
    assert choose(steerer, "retry", query="status:failed") == ["4 jobs will run again."]


def test_a_long_action_is_left_to_living_workers(
    steerer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "AT_ONCE", 1)
    jobs = [a_job("failed"), a_job("failed")]
    a_worker()
    assert "The workers carry this out" in shown(
        steerer, f"{CONFIRM}?verb=retry&id=all&q=status:failed"
    )
    (said,) = choose(steerer, "retry", query="status:failed")
    assert said.startswith("The workers carry the action out, on 2 jobs.")

    entry = JournalEntry.objects.get()
    assert entry.state == "running"
    assert entry.what["filter"].keys() == {"status", "ended_before"}
    assert {status_of(job) for job in jobs} == {"failed"}
    carry_to_the_end(entry, "a test")
    assert {status_of(job) for job in jobs} == {"pending"}


def test_without_a_worker_the_page_itself_carries_a_long_action_out_and_says_so(
    steerer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "AT_ONCE", 1)
    for _ in range(3):
        a_job("failed")
    assert "No worker lives" in shown(steerer, f"{CONFIRM}?verb=retry&id=all&q=status:failed")
    assert choose(steerer, "retry", query="status:failed") == ["3 jobs will run again."]


def test_a_span_means_at_the_action_what_it_meant_at_the_confirmation(steerer: Client) -> None:
    a_job("failed")
    response = steerer.get(CONFIRM, {"verb": "retry", "id": "all", "q": "since:2h"})
    stored = json.loads(response.context["filter"])
    assert stored["since"].endswith("+00:00")
    steerer.post(ACT, {"verb": "retry", "filter": response.context["filter"]})
    assert JournalEntry.objects.get().what == {"filter": stored}


def test_the_journal_names_the_user_and_the_filter(steerer: Client) -> None:
    choose(steerer, "cancel", job := a_job())
    entry = JournalEntry.objects.get()
    assert (entry.verb, entry.who, entry.surface) == ("cancel", "staff", "admin")
    assert (entry.what, entry.done) == ({"filter": {"ids": [job.pk]}}, 1)


@pytest.mark.parametrize(("verb", "status"), [("cancel", "pending"), ("retry", "failed")])
def test_a_job_that_the_project_keeps_as_it_is_is_told_with_the_reason(
    verb: str, status: str, steerer: Client
) -> None:
    query(
        "ALTER TABLE pgjobs_job ADD CONSTRAINT house CHECK "
        f"(name = 'other' OR status = '{status}') NOT VALID"
    )
    job, other = a_job(status), a_job(status, name="other")
    (said,) = choose(steerer, verb, job, other)
    assert f"PostgreSQL refused 1 job: Job {job.pk}: " in said
    assert "house" in said
    assert status_of(job) == status
    assert status_of(other) != status


# Forms that no page makes -------------------------------------------------------------------


@pytest.mark.parametrize("key", ["9" * 4301, "\0", "x", "", "-1", "1,2"])
def test_a_selection_of_what_is_no_id_is_told(key: str, steerer: Client) -> None:
    response = steerer.get(CONFIRM, {"verb": "cancel", "id": key}, follow=True)
    assert response.status_code == 200
    assert key == "1,2" or response.redirect_chain


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        "[]",
        "null",
        '{"colour": 1}',
        '{"ids": ["x"]}',
        '{"arg": {"password": "x"}}',
        "[" * 5000,
        '{"ids": [Infinity]}',
        '{"ids": [[1]]}',
        '{"ids": [1.0]}',
        '{"ids": [true]}',
        '{"ids": [null]}',
        '{"worker": {}}',
        '{"worker": []}',
        '{"worker": true}',
        '{"attempt": {}}',
        '{"arg": []}',
        '{"arg": {"a": Infinity}}',
        '{"arg": {"a": "\\u0000"}}',
        '{"arg": {"a": "\\ud800"}}',
        '{"arg": {"\\u0000": 1}}',
        '{"since": "2026-01-01T00:00:00+23:59"}',
        '{"since": "0001-01-01T00:00:00+00:00"}',
        '{"since": 5}',
    ],
)
def test_an_action_on_a_filter_that_cannot_be_read_is_refused(given: str, steerer: Client) -> None:
    job = a_job("failed")
    assert steerer.post(ACT, {"verb": "retry", "filter": given}).status_code == 400
    assert status_of(job) == "failed"


def test_a_query_that_makes_the_address_too_long_is_left_out_after_the_action(
    steerer: Client,
) -> None:
    job = a_job("failed")
    given = {"verb": "retry", "filter": json.dumps({"ids": [job.pk]}), "q": "\u2028" * 4000}
    response = steerer.post(ACT, given)
    assert (response.status_code, response["Location"]) == (302, LIST)
    assert status_of(job) == "pending"


def test_a_query_that_is_too_long_for_an_address_is_left_out_of_a_refusal(steerer: Client) -> None:
    response = steerer.get(CONFIRM, {"verb": "retry", "q": "\u2028" * 4000})
    assert (response.status_code, response["Location"]) == (302, LIST)


@pytest.mark.parametrize("verb", ["prune", "", "Retry", "\0"])
def test_an_action_that_does_not_exist_is_refused(verb: str, steerer: Client) -> None:
    assert steerer.get(CONFIRM, {"verb": verb, "id": "1"}).status_code == 400
    assert steerer.post(ACT, {"verb": verb, "filter": '{"ids": [1]}'}).status_code == 400


def test_a_request_from_another_site_changes_nothing() -> None:
    job = a_job()
    strict = signed_in("change_job", enforce_csrf_checks=True)
    given = {"verb": "cancel", "filter": json.dumps({"ids": [job.pk]})}
    assert strict.post(ACT, given).status_code == 403
    assert status_of(job) == "pending"
