"""The journal has one row for each action, in the transaction of the action."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from pgjobs.models import Job, JournalEntry
from pgjobs.steering.actor import Actor
from pgjobs.steering.journal import acting, note
from tests.support.rows import a_job

pytestmark = pytest.mark.django_db

ANN = Actor.python("ann")


def test_an_act_that_changed_something_is_written_as_done() -> None:
    with acting("pause", by=ANN, subject="low") as act:
        act.done = 1

    entry = JournalEntry.objects.get()
    assert (entry.who, entry.surface, entry.verb, entry.subject) == (
        "ann",
        "python",
        "pause",
        "low",
    )
    assert (entry.state, entry.counted, entry.done) == ("done", 1, 1)
    assert entry.ended == entry.created


def test_an_act_that_changed_nothing_is_not_written() -> None:
    with acting("pause", by=ANN, subject="low"):
        pass

    assert not JournalEntry.objects.exists()


def test_an_act_that_raises_is_undone_and_not_written() -> None:
    a_job()

    def delete_and_fail() -> None:
        with acting("delete", by=ANN) as act:
            act.done = Job.objects.all().delete()[0]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        delete_and_fail()

    assert Job.objects.exists()
    assert not JournalEntry.objects.exists()


def test_an_entry_outlives_its_user() -> None:
    user = get_user_model().objects.create(username="ann")
    key = str(user.pk)
    note("cancel", by=Actor.user(user), jobs=[7], options={"keep_schedule": True})
    user.delete()

    entry = JournalEntry.objects.get()
    assert (entry.who, entry.user_key, entry.surface) == ("ann", key, "admin")
    assert (entry.what, entry.options) == ({"ids": [7]}, {"keep_schedule": True})


def test_a_command_acts_as_the_user_of_the_system() -> None:
    assert Actor.command().who.startswith("manage.py by ")
