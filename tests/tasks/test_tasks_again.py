"""Tasks that a person runs again: their arguments by position become arguments by name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pgjobs.access import MASK
from pgjobs.exceptions import BadArguments, InvalidArgument
from pgjobs.models import Job
from pgjobs.pages.job.parameters import parameters_for
from pgjobs.registry.names import registered_as
from pgjobs.steering import enqueueing
from pgjobs.steering.actor import Actor
from tests.apps.tasked import tasks
from tests.support.staff import shown, signed_in

pytestmark = pytest.mark.django_db

ANN = Actor.python("ann")


def job_of(result: Any) -> Job:
    return Job.objects.get(pk=result.id)


def value_of(job: Job) -> Any:
    job.run_here()
    job.refresh_from_db()
    return job.result


def test_a_task_runs_again_with_its_arguments_by_position() -> None:
    old = job_of(tasks.add.enqueue(2, second=5))
    again = enqueueing.rerun(old, by=ANN)
    assert (again.args, again.kwargs) == ([], {"first": 2, "second": 5})
    assert value_of(again) == 7


def test_an_argument_by_position_is_replaced_by_its_name() -> None:
    old = job_of(tasks.add.enqueue(2, 5))
    Job.objects.filter(pk=old.pk).update(args=[{"$date": "no date"}, 5])
    old.refresh_from_db()
    assert value_of(enqueueing.rerun(old, by=ANN, changes={"first": 3})) == 8
    with pytest.raises(BadArguments, match=r"args\[0\]"):
        enqueueing.rerun(old, by=ANN, changes={"second": 3})


def test_the_context_takes_no_place_among_the_arguments() -> None:
    again = enqueueing.rerun(job_of(tasks.who_runs.enqueue("hello")), by=ANN)
    assert value_of(again)["greeting"] == "hello"


@pytest.mark.parametrize(
    "job",
    [
        lambda: job_of(tasks.echo.enqueue(1)),
        lambda: job_of(tasks.logs_in.enqueue("ann", "1234")),
    ],
    ids=["star", "decorated"],
)
def test_arguments_without_names_are_refused(job: Any) -> None:
    old = job()
    with pytest.raises(InvalidArgument, match="has positional arguments for which"):
        enqueueing.rerun(old, by=ANN)
    assert Job.objects.count() == 1


def test_the_form_shows_arguments_by_position_under_their_names() -> None:
    client = signed_in("view_job", "add_job")
    job = job_of(tasks.signs_in.enqueue("ann", "s3cret-of-tests"))
    page = f"/admin/pgjobs/job/{job.pk}/rerun/"
    html = shown(client, page)
    assert ("ann" in html, "s3cret-of-tests" in html) == (True, False)

    client.post(page, {"arg-user": "bo"})

    again = Job.objects.exclude(pk=job.pk).get()
    assert again.kwargs == {"user": "bo", "password": "s3cret-of-tests"}
    assert MASK not in str(again.kwargs)


def test_the_form_of_a_task_knows_the_types_of_its_function() -> None:
    target = registered_as(tasks.has_a_form.module_path)
    assert target is not None
    assert [(each.name, each.kind) for each in parameters_for(target)] == [
        ("since", timedelta),
        ("note", str),
    ]
