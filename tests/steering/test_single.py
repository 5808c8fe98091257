"""The verbs on one job, queue or class do as those of Python, and write the journal."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from pgjobs.exceptions import BadArguments, InvalidArgument, UnknownJobClass, UnknownQueue
from pgjobs.models import Job, JournalEntry
from pgjobs.steering import enqueueing, single
from pgjobs.steering.actor import Actor
from tests.apps.testapp.jobs import Noop, TakesTime
from tests.support.rows import a_job, a_site

pytestmark = pytest.mark.django_db

ANN = Actor.python("ann")


def journal() -> list[tuple[str, str, dict[str, object], dict[str, object]]]:
    entries = JournalEntry.objects.order_by("pk")
    return [(entry.verb, entry.subject, entry.what, entry.options) for entry in entries]


def test_a_verb_that_changes_a_job_is_journalled_once() -> None:
    waiting, failed, done = a_job(), a_job("failed"), a_job("completed")

    assert single.cancel(waiting, by=ANN, keep_schedule=True)
    assert single.retry(failed, by=ANN)
    assert single.delete(done, by=ANN)

    assert journal() == [
        ("cancel", "", {"ids": [waiting.pk]}, {"keep_schedule": True}),
        ("retry", "", {"ids": [failed.pk]}, {}),
        ("delete", "", {"ids": [done.pk]}, {}),
    ]
    assert not Job.objects.filter(pk=done.pk).exists()


def test_a_verb_that_changes_nothing_is_not_journalled() -> None:
    finished, live = a_job("completed"), a_job()

    assert not single.cancel(finished, by=ANN)
    assert not single.retry(live, by=ANN)
    assert not single.delete(live, by=ANN)
    assert not single.resume(queue="low", by=ANN)
    with pytest.raises(UnknownQueue):
        single.pause(queue="nope", by=ANN)
    for no_text in ("\udcff", "a\x00b"):
        with pytest.raises(UnknownQueue):
            single.resume(queue=no_text, by=ANN)

    assert journal() == []


def test_pausing_is_journalled_with_its_subject() -> None:
    assert single.pause(queue="low", by=ANN)
    assert single.pause(job_class=Noop, by=ANN)
    assert single.resume(queue="low", by=ANN)

    assert [(verb, subject) for verb, subject, _, _ in journal()] == [
        ("pause", "low"),
        ("pause", Noop.path),
        ("resume", "low"),
    ]


def test_a_job_runs_again_with_edited_arguments_and_its_other_columns() -> None:
    user = get_user_model().objects.create(username="ann")
    options: dict[str, Any] = {
        "queue_name": "low", "priority": 3, "timeout": 30, "max_attempts": 2, "user": user,
        "notifications": "never",
    }  # fmt: skip
    site, other = a_site(), a_site("Malmö")
    old = Noop.enqueue(site, full=True, about=other, interval=60, **options)
    assert old.cancel()

    new = enqueueing.rerun(old, by=ANN, changes={"full": False, "n": 1})
    new.refresh_from_db()

    assert (new.job_class, new.object, new.status) == (Noop.path, site, "pending")
    assert {name: getattr(new, name) for name in options} == options
    assert new.interval is None
    assert new.kwargs == {**old.kwargs, "full": False, "n": 1}
    assert journal() == [
        ("rerun", Noop.path, {"ids": [new.pk]}, {"of": old.pk, "changed": ["full", "n"]})
    ]


def test_an_argument_that_is_replaced_need_not_be_there_any_more() -> None:
    gone = a_site()
    old = Noop.enqueue(about=gone, full=True)
    gone.delete()

    with pytest.raises(BadArguments):
        enqueueing.rerun(old, by=ANN)
    assert enqueueing.rerun(old, by=ANN, changes={"about": 7}).kwargs == {"about": 7, "full": True}


def test_what_cannot_run_again_is_refused_and_no_job_is_made() -> None:
    site = a_site()
    about = a_job("failed", object=site)
    site.delete()
    about = a_job("failed", object_type_id=about.object_type_id, object_id="4711")
    Job.objects.exclude(pk=about.pk).delete()
    with pytest.raises(BadArguments, match="object of job"):
        enqueueing.rerun(about, by=ANN)
    with pytest.raises(UnknownJobClass):
        enqueueing.rerun(a_job("failed", job_class="gone.jobs.Old"), by=ANN)
    with pytest.raises(InvalidArgument, match="positional arguments"):
        enqueueing.rerun(a_job("failed", args=[1]), by=ANN)
    slow = a_job("failed", job_class=TakesTime.path, kwargs={"seconds": 1})
    with pytest.raises(InvalidArgument, match="Did you mean seconds"):
        enqueueing.rerun(slow, by=ANN, changes={"secodns": 2})

    assert not Job.objects.live().exists()
    assert journal() == []


def test_a_changed_argument_may_be_called_like_an_option() -> None:
    again = enqueueing.rerun(a_job("failed"), by=ANN, changes={"queue_name": "mine"})

    assert (again.kwargs["queue_name"], again.queue_name) == ("mine", "default")


def test_enqueueing_by_hand_is_journalled() -> None:
    job = enqueueing.enqueue(Noop, None, {"full": True, "by": "bob"}, by=ANN)

    assert (job.kwargs, job.status) == ({"full": True, "by": "bob"}, "pending")
    assert journal() == [("enqueue", Noop.path, {"ids": [job.pk]}, {})]
