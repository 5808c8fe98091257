"""Names that are known nowhere, running again with other arguments, and pruning, over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from pgjobs.models import Job, JournalEntry, RegistryEntry
from tests.api.asking import JOBS, got, sent
from tests.apps.testapp.jobs import Charging, Noop
from tests.apps.testapp.models import Site
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.urls")]


# Names that are known nowhere -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("queue_name", "defualt", "There is no queue 'defualt'. Did you mean default? The queues"),
        ("job_class", "gone.jobs.Job", "There is no job class 'gone.jobs.Job'. The job classes "),
    ],
)
def test_a_filter_by_a_name_that_is_known_nowhere_is_refused_with_the_known_names(
    name: str, value: str, said: str, operator: Client
) -> None:
    a_job("errored")

    listed = got(operator, f"{JOBS}?status=errored&{name}={value}", 400)
    body = {"verb": "retry", "filter": {name: value}}
    chosen = sent(operator, f"{JOBS}bulk/", body, 400)

    assert said in listed[name][0]
    assert said in chosen["filter"][name][0]
    assert not JournalEntry.objects.exists()


def in_a_row() -> None:
    a_job("completed", queue_name="old", job_class="old.jobs.Job")


def in_the_code_of_a_worker() -> None:
    RegistryEntry.objects.create(kind="queue", name="old", options={})
    RegistryEntry.objects.create(kind="job_class", name="old.jobs.Job", options={})


@pytest.mark.parametrize("know", [in_a_row, in_the_code_of_a_worker])
@pytest.mark.parametrize("filters", ["queue_name=old", "job_class=old.jobs.Job"])
def test_a_filter_by_a_name_that_is_known_somewhere_may_find_nothing(
    know: Callable[[], None], filters: str, operator: Client
) -> None:
    know()

    assert got(operator, f"{JOBS}?status=errored&{filters}")["results"] == []


def test_a_queue_that_a_worker_serves_is_known(operator: Client) -> None:
    a_worker(queues=["old"])

    assert got(operator, f"{JOBS}?queue_name=old")["results"] == []


# Running again ----------------------------------------------------------------------------


def test_a_job_runs_again_with_some_other_arguments_for_the_user_of_the_request(
    operator: Client,
) -> None:
    other = User.objects.create_user("other")
    old = Charging.enqueue(card="x", to="a", queue_name="low", priority=3, user=other)
    old.cancel()

    new = sent(operator, f"{JOBS}{old.pk}/rerun/", {"kwargs": {"to": "b"}}, 201)

    job = Job.objects.get(pk=new["id"])
    assert new["kwargs"] == {"card": "[redacted]", "to": "b"}
    assert (job.kwargs, job.queue_name, job.priority) == ({"card": "x", "to": "b"}, "low", 3)
    assert (new["status"]["value"], new["user"]["username"]) == ("pending", "staff")
    old.refresh_from_db()
    assert old.status == "cancelled"
    entry = JournalEntry.objects.get()
    assert (entry.verb, entry.who, entry.what) == ("rerun", "staff", {"ids": [job.pk]})
    assert entry.options == {"of": old.pk, "changed": ["to"]}


@pytest.mark.parametrize(
    ("columns", "body", "code", "said"),
    [
        ({"job_class": Noop.path}, {}, 409, "can't be enqueued here. Launchable are: "),
        ({"job_class": "gone.jobs.Job"}, {}, 409, "can't be enqueued here"),
        ({"kwargs": [1]}, {}, 409, "they are no JSON object"),
        ({"kwargs": {"to": {"$date": "x"}}}, {}, 409, "kwargs['to'] holds a str that is not"),
        ({"object_id": "4711"}, {}, 409, "The object of job"),
        ({"args": [1]}, {}, 400, "has positional arguments"),
        ({"queue_name": "gone"}, {}, 400, "is not a queue"),
        ({}, {"kwargs": {"to": "a\0"}}, 400, "NUL"),
        ({}, {"kwargs": [1]}, 400, "dictionary"),
        ({}, {"to": "b"}, 400, "Known are: kwargs"),
    ],
    ids=range(10),
)
def test_a_job_that_cannot_run_again_says_why_and_makes_no_job(
    columns: Any, body: Any, code: int, said: str, operator: Client
) -> None:
    kind = (
        {"object_type": ContentType.objects.get_for_model(Site)} if "object_id" in columns else {}
    )
    old = a_job("failed", **{"job_class": Charging.path, **kind, **columns})

    refused = operator.post(f"{JOBS}{old.pk}/rerun/", body, "application/json")

    assert (refused.status_code, said in str(refused.json())) == (code, True), refused.content
    assert Job.objects.count() == 1


def test_an_argument_that_cannot_be_read_is_replaced(operator: Client) -> None:
    old = a_job("failed", job_class=Charging.path, kwargs={"to": {"$date": "x"}})

    new = sent(operator, f"{JOBS}{old.pk}/rerun/", {"kwargs": {"to": "b"}}, 201)

    assert new["kwargs"] == {"to": "b"}


# Pruning ----------------------------------------------------------------------------------


def test_old_jobs_are_pruned_and_counted(operator: Client) -> None:
    old = a_job("completed", started=ago(days=9), completed=ago(days=8))
    recent = a_job("completed")
    assert sent(operator, f"{JOBS}prune/", {"days": 9})["journal"] is None

    answer = sent(operator, f"{JOBS}prune/", {"days": 7})

    assert (answer["matched"], answer["changed"], answer["note"]) == (1, 1, None)
    assert list(Job.objects.all()) == [recent] != [old]
    entry = JournalEntry.objects.get()
    assert answer["journal"].endswith(f"/journal/{entry.pk}/")
    assert (entry.verb, entry.who, entry.state) == ("prune", "staff", "done")


def test_many_old_jobs_are_left_to_the_workers_and_the_answer_says_so(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgjobs.api.many.MOST_AT_ONCE", 1)
    for _ in range(2):
        a_job("completed", started=ago(days=9), completed=ago(days=8))
    refused = sent(operator, f"{JOBS}prune/", {"days": 7}, 409)
    assert "No worker lives" in refused["detail"]
    assert not JournalEntry.objects.exists()

    a_worker()
    answer = sent(operator, f"{JOBS}prune/", {"days": 7}, 202)

    assert (answer["matched"], answer["changed"]) == (2, 0)
    assert answer["state"]["value"] == "running"
    assert "or runs an older release" in answer["note"]
    entry = got(operator, answer["journal"])
    assert (entry["verb"], entry["carrier"], entry["counted"]) == ("prune", "", 2)
    assert Job.objects.count() == 2


@pytest.mark.parametrize("days", [-1, 10**6 + 1, "x", None, True, 1.5])
def test_an_age_that_is_none_is_refused_and_no_job_is_pruned(days: Any, operator: Client) -> None:
    a_job("completed", started=ago(days=9), completed=ago(days=8))

    sent(operator, f"{JOBS}prune/", {"days": days}, 400)

    assert Job.objects.exists()
