"""Bulk actions: batches, their progress in the journal, refusals, and carriers that change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job, JournalEntry
from pgjobs.sql import load
from pgjobs.steering import bulk, carrying
from pgjobs.steering.actor import Actor
from pgjobs.steering.carrying import carry, carry_to_the_end, give_up
from pgjobs.steering.selection import Selection
from tests.access import hooks
from tests.apps.testapp.jobs import Noop
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker
from tests.support.sql import query

pytestmark = pytest.mark.django_db

ANN = Actor.python("ann")
FAILED = Selection(status=("failed",))


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "BATCH", 2)


def failed(count: int, **columns: Any) -> list[Job]:
    return [a_job("failed", **columns) for _ in range(count)]


def status_of(*jobs: Job) -> list[str]:
    found = dict(Job.objects.values_list("pk", "status"))
    return [found.get(job.pk, "deleted") for job in jobs]


def stop_after(batches: int) -> Callable[[JournalEntry], bool]:
    seen: list[JournalEntry] = []

    def on_batch(entry: JournalEntry) -> bool:
        seen.append(entry)
        return len(seen) < batches

    return on_batch


def refuse(*jobs: Job, when: str = "UPDATE") -> None:
    """Let a trigger refuse to change ``jobs``."""
    query("SET CONSTRAINTS ALL IMMEDIATE")
    query(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RAISE EXCEPTION ''not this one''; END'"
    )
    ids = ", ".join(str(job.pk) for job in jobs)
    query(
        f"CREATE TRIGGER refuse BEFORE {when} ON pgjobs_job FOR EACH ROW "
        f"WHEN (OLD.id IN ({ids})) EXECUTE FUNCTION refuse()"
    )


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [
        ("retry", "failed", "pending"),
        ("cancel", "pending", "cancelled"),
        ("delete", "completed", "deleted"),
        ("prune", "cancelled", "deleted"),
    ],
)
def test_all_jobs_of_a_selection_change_and_no_other(verb: str, before: str, after: str) -> None:
    jobs = [a_job(before, queue_name="low") for _ in range(5)]
    other = a_job(before)
    unfit = a_job("pending" if before != "pending" else "failed", queue_name="low")

    entry = bulk.start(verb, Selection(queue="low"), by=ANN, here=True)

    assert status_of(*jobs) == [after] * 5
    assert status_of(other, unfit) == [before, unfit.status]
    assert (entry.state, entry.counted, entry.done, entry.refused) == ("done", 5, 5, 0)
    assert (entry.verb, entry.what) == (verb, {"filter": {"queue": "low"}})
    assert JournalEntry.objects.get().ended is not None


def test_a_selection_that_matches_nothing_is_done_at_once() -> None:
    entry = bulk.start("retry", FAILED, by=ANN, here=True)

    assert (entry.state, entry.counted, entry.done) == ("done", 0, 0)


def test_an_empty_selection_is_refused() -> None:
    failed(2)
    with pytest.raises(InvalidArgument, match="Name the jobs by a filter"):
        bulk.start("retry", Selection(), by=ANN, here=True)


def test_an_unknown_verb_or_option_is_refused_at_the_call() -> None:
    with pytest.raises(InvalidArgument, match="bulk action 'paint'"):
        bulk.start("paint", FAILED, by=ANN, here=True)
    with pytest.raises(InvalidArgument, match="option 'colour' of 'retry'"):
        bulk.start("retry", FAILED, by=ANN, options={"colour": 1}, here=True)

    assert not JournalEntry.objects.exists()


def test_a_filter_that_the_journal_cannot_hold_is_refused_in_words() -> None:
    filters: list[dict[str, Any]] = [{"arg": {"note": "x" * 1_000_000}}, {"error": "x" * 1_000_000}]
    for each in filters:
        with pytest.raises(InvalidArgument, match="at most 1,000,000 characters"):
            bulk.start("retry", Selection(**each), by=ANN, here=True)
    with pytest.raises(InvalidArgument, match="NUL"):
        Selection(job_class=("app.Job\0",))

    assert not JournalEntry.objects.exists()


def test_an_action_for_the_workers_is_refused_if_none_lives() -> None:
    failed(1)
    a_worker(heartbeat=ago(hours=1))
    a_worker(stopped=timezone.now())
    with pytest.raises(bulk.NoLivingWorker, match="No worker lives"):
        bulk.start("retry", FAILED, by=ANN)
    assert not JournalEntry.objects.exists()

    a_worker()
    assert bulk.start("retry", FAILED, by=ANN).state == "running"


def test_an_action_skips_the_run_of_a_recurring_job_with_its_option() -> None:
    job = Noop.enqueue(schedule_at=timezone.now() + timedelta(hours=1), interval=60)

    bulk.start(
        "cancel", Selection(ids=(job.pk,)), by=ANN, options={"keep_schedule": True}, here=True
    )

    assert status_of(job) == ["cancelled"]
    assert Job.objects.live().get().interval == 60


def test_jobs_that_are_enqueued_later_are_left_out() -> None:
    failed(1)
    entry = bulk.enter("retry", FAILED, by=ANN)
    (later,) = failed(1)

    carry(entry.pk, "a")

    assert status_of(later) == ["failed"]


def test_of_several_jobs_of_one_place_the_newest_is_retried_whatever_the_batches() -> None:
    jobs = failed(5, once_key="place")

    entry = bulk.start("retry", FAILED, by=ANN, here=True)

    assert status_of(*jobs) == ["failed"] * 4 + ["pending"]
    assert (entry.counted, entry.done) == (5, 1)


# Another carrier -------------------------------------------------------------------------


def test_an_action_goes_on_after_its_last_batch_and_no_job_changes_twice() -> None:
    jobs = failed(6)
    entry = bulk.enter("retry", FAILED, by=ANN, carrier="a")
    carry(entry.pk, "a", on_batch=stop_after(2))
    assert status_of(*jobs) == ["failed", "failed", *["pending"] * 4]
    again = Job.objects.get(pk=jobs[-1].pk)
    assert again.cancel()
    Job.objects.filter(pk=again.pk).update(status="failed", started=Now())

    JournalEntry.objects.update(updated=ago(seconds=carrying.OVERDUE + 1))
    carry(entry.pk, "b")

    assert status_of(*jobs) == [*["pending"] * 5, "failed"]
    entry.refresh_from_db()
    assert (entry.state, entry.done, entry.carrier) == ("done", 6, "b")


def test_another_process_does_not_go_on_while_the_carrier_may_live() -> None:
    failed(4)
    entry = bulk.enter("retry", FAILED, by=ANN, carrier="a")
    carry(entry.pk, "a", on_batch=stop_after(1))

    carry(entry.pk, "b")
    entry.refresh_from_db()
    assert (entry.state, entry.done, entry.carrier) == ("running", 2, "a")

    give_up(entry.pk, "a")
    carry(entry.pk, "b")
    entry.refresh_from_db()
    assert (entry.state, entry.done, entry.carrier) == ("done", 4, "b")


def test_a_cancelled_action_ends_before_its_next_batch() -> None:
    jobs = failed(6)
    entry = bulk.enter("retry", FAILED, by=ANN, carrier="a")

    def cancel(entry: JournalEntry) -> bool:
        assert bulk.cancel_action(entry.pk, by=ANN)
        return True

    entry = carry_to_the_end(entry, "a", on_batch=lambda e: e.state != "running" or cancel(e))

    assert (entry.state, entry.done) == ("cancelled", 2)
    assert status_of(*jobs) == ["failed"] * 4 + ["pending"] * 2
    assert not bulk.cancel_action(entry.pk, by=ANN)
    assert JournalEntry.objects.get(verb="cancel action").subject == str(entry.pk)


# What goes wrong -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"verb": "paint"}, "does not know the bulk action 'paint'"),
        ({"options": {"colour": "red"}}, "does not know the option 'colour' of 'retry'"),
        ({"what": {"filter": {"colour": "red"}}}, "does not know the filter 'colour'"),
        ({"what": {}}, "A filter must be a JSON object"),
        ({"what": {"filter": {"worker": "x"}}}, "worker must be a whole number, not 'x'"),
        ({"what": {"filter": {"object": "gone.model:7"}}}, "object must be written as"),
        ({"what": []}, "has no attribute"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_action_that_this_code_cannot_read_fails_in_words_and_changes_nothing(
    columns: dict[str, Any], words: str
) -> None:
    (job,) = failed(1)
    entry = bulk.enter("retry", FAILED, by=ANN, carrier="a")
    JournalEntry.objects.update(**columns)

    carry(entry.pk, "a")

    entry.refresh_from_db()
    assert (entry.state, status_of(job)) == ("failed", ["failed"])
    assert words in entry.error


def test_a_job_that_refuses_is_passed_over_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "BATCH", 10)
    jobs = failed(25)
    refuse(jobs[3], jobs[17])

    entry = bulk.start("retry", FAILED, by=ANN, here=True)

    assert (entry.state, entry.done, entry.refused) == ("done", 23, 2)
    assert entry.error.startswith(f"Job {jobs[17].pk}: not this one")
    assert status_of(jobs[3], jobs[17]) == ["failed", "failed"]


def test_a_job_that_refuses_its_deletion_is_passed_over() -> None:
    jobs = failed(3)
    refuse(jobs[1], when="DELETE")

    entry = bulk.start("delete", FAILED, by=ANN, here=True)

    assert (entry.done, entry.refused) == (2, 1)
    assert Job.objects.get() == jobs[1]


def test_a_worker_finds_an_action_that_nobody_carries_and_the_halted_one_last() -> None:
    failed(1)
    mine, free, old = (
        bulk.enter("retry", FAILED, by=ANN, carrier=carrier) for carrier in ("a", "", "b")
    )
    JournalEntry.objects.filter(pk=old.pk).update(updated=ago(seconds=carrying.OVERDUE + 1))

    def found(*halted: int) -> list[int]:
        values: dict[str, Any] = {
            "carrier": "worker 1",
            "overdue": carrying.OVERDUE,
            "halted": list(halted),
        }
        with connection.cursor() as cursor:
            cursor.execute(load("steering/free_action"), values)
            return [row[0] for row in cursor.fetchall()]

    assert found() == [free.pk]
    assert found(free.pk) == [old.pk]
    assert found(free.pk, old.pk) == [free.pk]
    assert found(old.pk, free.pk) == [old.pk]
    JournalEntry.objects.filter(pk=free.pk).update(carrier="worker 2")
    assert found() == [old.pk]
    JournalEntry.objects.filter(pk=old.pk).update(carrier="worker 2", updated=Now())
    assert found() == []
    assert JournalEntry.objects.get(pk=mine.pk).carrier == "a"


def test_a_bulk_action_reaches_only_the_jobs_that_its_user_sees(
    settings: Any, django_user_model: Any
) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": f"{hooks.PATH}.own_queues"}
    ann = django_user_model.objects.create(username="ann")
    seen, hidden = a_job("failed"), a_job("failed", queue_name="high")
    entry = bulk.enter("retry", FAILED, by=Actor.user(ann))

    carry_to_the_end(entry, "here")

    assert (entry.counted, entry.done) == (1, 1)
    assert status_of(seen, hidden) == ["pending", "failed"]


def test_a_bulk_action_of_a_user_who_is_gone_changes_nothing_more(
    settings: Any, django_user_model: Any
) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": f"{hooks.PATH}.own_queues"}
    ann = django_user_model.objects.create(username="ann")
    jobs = failed(3)
    entry = bulk.enter("retry", FAILED, by=Actor.user(ann))
    carry(entry.pk, "here", on_batch=stop_after(1))
    ann.delete()

    carry_to_the_end(entry, "here")

    assert (entry.state, entry.done) == ("failed", 2)
    assert f"The user {entry.user_key} of the action is gone" in entry.error
    assert sorted(status_of(*jobs)) == ["failed", "pending", "pending"]
