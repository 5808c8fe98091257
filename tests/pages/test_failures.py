"""The pages of failures: kinds, and retrying and deleting all jobs of one kind."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import CASCADE, PROTECT
from django.test import Client
from django.utils import timezone

from pgjobs.models import Job, JournalEntry, Schedule
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.pages.failures import actions, kinds
from pgjobs.pages.failures.kinds import Kind
from pgjobs.pages.sight import sight_of
from tests.apps.testapp.jobs import Noop
from tests.support.browsing import HOSTILE
from tests.support.job_status import status_of
from tests.support.moments import ago
from tests.support.pages import at
from tests.support.rows import a_failure, a_job, a_worker
from tests.support.sql import query
from tests.support.staff import messages, shown, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_counted")]

TIMEOUT = Kind(job_class=Noop.path, exception="builtins.TimeoutError", frame="app.sync.fetch")


@pytest.fixture
def client() -> Client:
    return signed_in("view_job", "change_job", "delete_job", "view_journalentry")


def a_failed_job(kind: Kind = TIMEOUT, status: str = "errored", **columns: Any) -> Job:
    entry = a_failure(exception=kind.exception, frame=kind.frame)
    row = {"error": "TimeoutError: too long\nmore", "errors": [entry], **columns}
    return a_job(status, job_class=kind.job_class, **row)


def confirm(client: Client, name: str, query: Any) -> list[str]:
    """Send the form of a confirmation, and return the messages to the user."""
    page = at(name, **query)
    return messages(client.post(page, client.get(page).context["bounds"], follow=True))


def count(kind: Kind, job: Job, times: int = 1) -> None:
    """Count the end of a failed job, as the worker does."""
    query(
        "INSERT INTO pgjobs_failure_statistics VALUES (%s, %s, %s, %s, %s, %s, %s)",
        kind.job_class,
        kind.exception,
        kind.frame,
        times,
        ago(days=9),
        ago(minutes=2),
        job.pk,
    )


# Looking ----------------------------------------------------------------------------------


def test_failures_are_grouped_with_their_times_and_an_example(client: Client) -> None:
    count(TIMEOUT, a_failed_job(), times=41)
    html = shown(client, at("failures"))
    assert "TimeoutError: too long" in html
    assert "app.sync.fetch" in html
    assert ">41<" in html
    assert "9 d ago" in html
    assert "2 min ago" in html


def test_the_page_of_a_kind_lists_its_jobs_and_no_others(client: Client) -> None:
    job = a_failed_job()
    others = [
        a_failed_job(Kind(job_class=Noop.path, exception="x", frame=TIMEOUT.frame)),
        a_failed_job(Kind(job_class="a.B", exception=TIMEOUT.exception, frame=TIMEOUT.frame)),
        a_failed_job(Kind(job_class=Noop.path, exception=TIMEOUT.exception, frame="")),
        a_job("completed"),
    ]
    html = shown(client, at("failure", **TIMEOUT.query()))
    assert f'id="job-{job.pk}"' in html
    assert not any(f'id="job-{other.pk}"' in html for other in others)
    assert "<b>1</b> failed job now" in " ".join(html.split())


@pytest.mark.parametrize("page", ["failures", "failure"])
@pytest.mark.parametrize(
    "kind",
    [
        TIMEOUT,
        Kind(job_class=Noop.path, exception="", frame=""),
        Kind(job_class="gone.jobs.Old", exception='an "odd" Error', frame="a b.<locals>.c"),
    ],
    ids=lambda kind: kind.exception,
)
def test_a_kind_links_to_the_list_of_its_failed_jobs_alone(
    client: Client, kind: Kind, page: str
) -> None:
    jobs = {a_failed_job(kind, status=status).pk for status in ("errored", "failed")}
    a_failed_job(kind, status="completed")
    a_failed_job(Kind(job_class=kind.job_class, exception="x", frame=kind.frame))
    a_failed_job(Kind(job_class=kind.job_class, exception=kind.exception, frame="x"))
    a_failed_job(Kind(job_class="x.Y", exception=kind.exception, frame=kind.frame))
    count(kind, Job.objects.earliest("pk"))
    query = {} if page == "failures" else kind.query()
    (link,) = {
        unescape(found)
        for found in re.findall(r'href="([^"]+)"', shown(client, at(page, **query)))
        if "failure%3A" in found
    }
    listed = client.get(link)
    assert {row.job.pk for row in listed.context["rows"]} == jobs


def test_a_kind_that_no_filter_can_name_has_no_link(client: Client) -> None:
    odd = Kind(job_class=Noop.path, exception="odd@error", frame="x")
    count(odd, a_failed_job(odd))
    for page in (at("failures"), at("failure", **odd.query())):
        assert "failure%3A" not in shown(client, page)


def test_the_fingerprint_is_that_of_the_last_failed_attempt_as_the_statistics_cut_it() -> None:
    long = Kind(job_class=Noop.path, exception="x" * 200, frame="y" * 200)
    job = a_failed_job(Kind(job_class=Noop.path, exception="x" * 300, frame="y" * 300))
    Job.objects.filter(pk=job.pk).update(errors=[a_failure(), *job.errors])
    assert list(long.among(Job.objects.all())) == [job]


@pytest.mark.parametrize("errors", [[], {}, "text", [[]], [{"exception": 5}], None])
def test_a_failure_whose_attempts_were_written_by_hand_is_grouped(
    client: Client, errors: Any
) -> None:
    job = a_failed_job()
    Job.objects.filter(pk=job.pk).update(errors=[] if errors is None else errors, error="")
    (found,), are_all = kinds.since(sight_of(User(is_superuser=True)))
    assert (found.jobs, are_all) == (1, True)
    assert list(found.kind.among(Job.objects.all())) == [job]
    assert shown(client, at("overview"))
    assert shown(client, at("failure", **found.kind.query()))


def test_text_of_a_failure_is_escaped(client: Client) -> None:
    hostile = Kind(job_class=HOSTILE, exception=HOSTILE, frame=HOSTILE)
    job = a_failed_job(hostile, error=HOSTILE, name=HOSTILE)
    count(hostile, job)
    for page in (
        at("failures"),
        at("overview"),
        at("failure", **hostile.query()),
        at("retry-failures", **hostile.query()),
    ):
        html = shown(client, page)
        assert "window.harmed" in html
        assert "<script>window" not in html
        assert "<img" not in html


def test_a_kind_that_does_not_exist_is_not_found(client: Client) -> None:
    missing = Kind(job_class="a.B", exception="", frame="")
    assert client.get(at("failure", **missing.query())).status_code == 404
    assert client.get(at("failure")).status_code == 404


def test_a_kind_whose_jobs_are_pruned_is_still_told(client: Client) -> None:
    job = a_failed_job()
    count(TIMEOUT, job, times=3)
    Job.objects.all().delete()
    assert "builtins.TimeoutError" in shown(client, at("failures"))
    assert "seen 3 times" in " ".join(shown(client, at("failure", **TIMEOUT.query())).split())


def test_no_more_failed_jobs_are_grouped_than_the_page_says(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "MOST", 2)
    for _ in range(3):
        a_failed_job()
    (found,), are_all = kinds.since(sight_of(User(is_superuser=True)))
    assert (found.jobs, are_all) == (2, False)
    assert ">2+<" in shown(client, at("overview"))


def test_a_user_who_sees_not_all_jobs_gets_the_kinds_of_visible_jobs(
    client: Client, settings: Any
) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.access.hooks.own_queues"}
    a_failed_job()
    hidden = Kind(job_class=Noop.path, exception="of.Others", frame="")
    count(hidden, a_failed_job(hidden, queue_name="high", error="of others"))
    for page in (at("failures"), at("overview")):
        html = shown(client, page)
        assert "TimeoutError" in html
        assert "of.Others" not in html
        assert "of others" not in html
    assert client.get(at("failure", **hidden.query())).status_code == 404
    assert "0 failed jobs" in shown(client, at("retry-failures", **hidden.query()))
    assert confirm(client, "retry-failures", hidden.query()) == ["No job of this kind is left."]


def rows_read(client: Client, address: str) -> int:
    """Return how many rows of the table of jobs PostgreSQL reads for a page."""

    def so_far() -> int:
        (row,) = query(
            "SELECT COALESCE(seq_tup_read, 0) + COALESCE(idx_tup_fetch, 0) AS n "
            "FROM pg_stat_xact_user_tables WHERE relname = 'pgjobs_job'"
        )
        return int(row["n"])

    before = so_far()
    shown(client, address)
    return so_far() - before


def test_pages_for_a_user_who_sees_few_of_many_failures_read_the_newest_ones_alone(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "WINDOW", 20)
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.access.hooks.own_queues"}
    kind = Kind(job_class=Noop.path, exception="a.Older", frame="")
    older = a_failed_job(kind, started=ago(hours=2), completed=ago(hours=2))
    Job.objects.bulk_create(hidden_copies_of(older, 3000))
    newest = a_failed_job()
    query("ANALYZE pgjobs_job")
    for page in (at("failures"), at("overview"), at("failure", **TIMEOUT.query())):
        html = shown(client, page)
        assert "TimeoutError" in html
        assert "a.Older" not in html
        assert rows_read(client, page) < 500, page
    assert "among the newest 20 failed jobs" in shown(client, at("failures"))
    assert "Of the newest failures alone." in shown(client, at("overview"))
    assert "(among the newest 20 failures)" in shown(client, at("failure", **TIMEOUT.query()))
    assert f'id="job-{newest.pk}"' in shown(client, at("failure", **TIMEOUT.query()))


def hidden_copies_of(job: Job, times: int) -> list[Job]:
    """Return rows of failed jobs that the hook hides, each of them newer than ``job``."""
    columns = {field.attname: getattr(job, field.attname) for field in Job._meta.concrete_fields}
    del columns["id"], columns["position"]
    columns["queue_name"] = "high"
    return [Job(**{**columns, "completed": ago(seconds=3600 + n)}) for n in range(times)]


# Acting -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["retry-failures", "delete-failures"])
def test_a_confirmation_shows_the_count_and_three_examples_and_changes_nothing(
    client: Client, name: str
) -> None:
    jobs = [a_failed_job() for _ in range(5)]
    html = shown(client, at(name, **TIMEOUT.query()))
    assert "5 jobs</button>" in html
    assert html.count('id="job-') == 3
    assert {status_of(job) for job in jobs} == {"errored"}


@pytest.mark.parametrize("name", ["retry-failures", "delete-failures"])
def test_a_confirmation_leaves_out_what_postgresql_does_not_find_in_time(
    client: Client, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = a_failed_job()

    def slow(*_: Any) -> None:
        query("SELECT pg_sleep(30)")

    monkeypatch.setattr(actions, "LONGEST", 100)
    monkeypatch.setattr(actions, "lines", slow)
    monkeypatch.setattr(JobQuerySet, "count", slow)
    html = shown(client, at(name, **TIMEOUT.query()))
    assert "More jobs than PostgreSQL counts" in html
    assert "all jobs of this kind</button>" in html
    assert f'id="job-{job.pk}"' not in html


def test_all_jobs_of_a_kind_are_retried_and_the_journal_tells_it(client: Client) -> None:
    jobs, other = [a_failed_job(status=status) for status in ("errored", "failed")], a_job("failed")
    assert confirm(client, "retry-failures", TIMEOUT.query()) == ["2 jobs will run again."]
    assert {status_of(job) for job in jobs} == {"pending"}
    assert status_of(other) == "failed"
    entry = JournalEntry.objects.get()
    assert (entry.who, entry.verb, entry.counted, entry.done) == ("staff", "retry", 2, 2)
    assert entry.what["filter"]["failure"] == [TIMEOUT.exception, TIMEOUT.frame]


def test_all_jobs_of_a_kind_are_deleted(client: Client) -> None:
    a_failed_job()
    kept = a_job("failed")
    assert confirm(client, "delete-failures", TIMEOUT.query()) == ["Deleted: 1 job."]
    assert list(Job.objects.all()) == [kept]


def test_a_retry_of_the_last_day_leaves_older_failures(client: Client) -> None:
    new = a_failed_job()
    old = a_failed_job(started=ago(days=2, hours=1), completed=ago(days=2))
    assert "hours=24" in shown(client, at("overview"))
    confirm(client, "retry-failures", {**TIMEOUT.query(), "hours": 24})
    assert (status_of(new), status_of(old)) == ("pending", "errored")


@pytest.mark.parametrize("hours", [{}, {"hours": 1}])
@pytest.mark.parametrize("name", ["retry-failures", "delete-failures"])
def test_only_the_jobs_that_had_failed_at_the_confirmation_change(
    client: Client, name: str, hours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = at(name, **TIMEOUT.query(), **hours)
    edge = a_failed_job(started=ago(days=1), completed=ago(minutes=59))
    bounds = client.get(page).context["bounds"]
    later = a_failed_job(completed=timezone.now())
    soon = ago(minutes=-5)
    monkeypatch.setattr(timezone, "now", lambda: soon)
    client.post(page, bounds)
    assert status_of(later) == "errored"
    assert not Job.objects.filter(pk=edge.pk, status="errored").exists()


def test_the_form_of_a_confirmation_holds_its_bounds(client: Client) -> None:
    a_failed_job()
    asked = client.get(at("retry-failures", **TIMEOUT.query(), hours=24))
    for name, moment in asked.context["bounds"].items():
        assert f'<input type="hidden" name="{name}" value="{moment}">' in asked.content.decode()
        assert moment


@pytest.mark.parametrize("name", ["ended", "ended_before"])
@pytest.mark.parametrize(
    "moment", [None, "x", "\0", "24h", "2026-01-31", "2026-01-31T12:00", "0001-01-01T00:00+14:00"]
)
def test_an_action_without_a_readable_bound_is_refused(
    client: Client, name: str, moment: str | None
) -> None:
    job, page = a_failed_job(), at("delete-failures", **TIMEOUT.query(), hours=1)
    form = client.get(page).context["bounds"] | {name: moment}
    sent = {each: value for each, value in form.items() if value is not None}
    assert client.post(page, sent).status_code == 400
    assert status_of(job) == "errored"


def test_many_jobs_are_left_to_the_workers(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "BATCH", 1)
    jobs = [a_failed_job() for _ in range(2)]
    assert "No worker lives" in confirm(client, "retry-failures", TIMEOUT.query())[0]
    assert not JournalEntry.objects.exists()
    a_worker(has_session_lock=False, heartbeat=timezone.now())
    (said,) = confirm(client, "retry-failures", TIMEOUT.query())
    assert said.startswith("The workers carry the action out, on 2 jobs.")
    assert {status_of(job) for job in jobs} == {"errored"}
    assert JournalEntry.objects.get().state == "running"


def test_a_user_may_retry_without_being_allowed_to_delete() -> None:
    client, job = signed_in("change_job"), a_failed_job()
    assert client.post(at("delete-failures", **TIMEOUT.query())).status_code == 403
    assert at("delete-failures") not in shown(client, at("failure", **TIMEOUT.query()))
    confirm(client, "retry-failures", TIMEOUT.query())
    assert status_of(job) == "pending"


def test_a_user_who_may_delete_without_viewing_is_shown_no_jobs() -> None:
    client, job = signed_in("delete_job"), a_failed_job()
    page = at("delete-failures", **TIMEOUT.query())
    assert client.get(page).status_code == 403
    assert client.post(page).status_code == 403
    assert status_of(job) == "errored"


def test_rows_that_the_user_may_not_delete_keep_the_jobs_of_a_kind(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference: Any = Schedule._meta.get_field("last_job").remote_field
    monkeypatch.setattr(reference, "on_delete", CASCADE)
    job, page = a_failed_job(), at("delete-failures", **TIMEOUT.query())
    Schedule.objects.create(job_class="x", interval=1, next_run=timezone.now(), last_job=job)
    html = shown(client, page)
    assert "You may not delete rows that would go along with these jobs: schedules." in html
    assert "Delete 1 job<" not in html
    assert client.post(page, client.get(page).context["bounds"]).status_code == 403
    assert status_of(job) == "errored"
    assert "Retry 1 job<" in shown(client, at("retry-failures", **TIMEOUT.query()))


@pytest.mark.usefixtures("_watched")
def test_a_deletion_that_is_refused_is_no_success(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Schedule._meta.get_field("last_job").remote_field, "on_delete", PROTECT)
    kept = a_failed_job()
    Schedule.objects.create(job_class="x", interval=1, next_run=timezone.now(), last_job=kept)
    page = at("delete-failures", **TIMEOUT.query())
    asked = client.get(page).context["bounds"]
    (said,) = client.post(page, asked, follow=True).context["messages"]
    assert said.level_tag == "error"
    assert str(said).startswith(f"Deleted: 0 jobs. PostgreSQL refused 1 job: Job {kept.pk}: ")
    a_failed_job()
    (said,) = client.post(page, asked, follow=True).context["messages"]
    assert said.level_tag == "warning"


def test_a_bulk_action_reaches_visible_jobs_alone(client: Client, settings: Any) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.access.hooks.own_queues"}
    own, hidden = a_failed_job(), a_failed_job(queue_name="high")
    assert "Retry 1 job<" in shown(client, at("retry-failures", **TIMEOUT.query()))
    confirm(client, "retry-failures", TIMEOUT.query())
    assert (status_of(own), status_of(hidden)) == ("pending", "errored")


@pytest.mark.parametrize("hours", ["x", "-1", "99999", "²", "\0"])
def test_hours_that_are_no_number_do_not_limit(client: Client, hours: str) -> None:
    a_failed_job()
    page = at("retry-failures", **TIMEOUT.query(), hours=hours)
    assert "Retry 1 job<" in shown(client, page)
