"""Running jobs again whose arguments look like typed JSON: those of callers, and those of SQL."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from pgjobs.compat import rq
from pgjobs.exceptions import BadArguments
from pgjobs.models import Job
from pgjobs.steering import enqueueing
from pgjobs.steering.actor import Actor
from tests.api.asking import sent
from tests.apps.tasked import tasks
from tests.apps.testapp.jobs import Charging, Noop, Typed
from tests.support.rows import a_job

pytestmark = pytest.mark.django_db

ANN = Actor.python("ann")
NO_NAMES: tuple[Any, ...] = (
    {"$decimal": "5"},
    {"$float": "nan"},
    {"$date": "2026-01-31"},
    {"$unknown": 1},
    {"$dict": None},
    {"$dict": []},
    {"$dict": 5},
)


@pytest.mark.parametrize("kwargs", NO_NAMES)
@pytest.mark.parametrize("changes", [{}, {"text": "x"}])
def test_arguments_without_names_are_not_run_again(kwargs: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(BadArguments, match=r"arguments of job \d+ can't be read"):
        enqueueing.rerun(a_job("failed", kwargs=kwargs), by=ANN, changes=changes)


@pytest.mark.urls("tests.api.urls")
@pytest.mark.parametrize("kwargs", NO_NAMES)
def test_rest_refuses_to_run_them_again(kwargs: Any, admin_client: Client) -> None:
    job = a_job("failed", job_class=Charging.path, kwargs=kwargs)

    answer = sent(admin_client, f"/api/pgjobs/jobs/{job.pk}/rerun/", {}, 409)

    assert "can't be read" in answer["detail"]


@pytest.mark.parametrize("kwargs", NO_NAMES)
@pytest.mark.parametrize("job_class", [Typed, Noop])
def test_the_form_to_run_them_again_is_shown_and_refused(
    job_class: type[Any], kwargs: Any, admin_client: Client
) -> None:
    job = a_job("failed", job_class=job_class.path, kwargs=kwargs)
    address = f"/jobs/jobs/{job.pk}/rerun/"

    assert admin_client.get(address).status_code == 200
    answer = admin_client.post(address, {"arg-text": "x"})

    assert "can&#x27;t be read" in answer.content.decode()
    assert Job.objects.count() == 1


def test_an_argument_is_kept_alone_although_its_name_looks_like_a_type() -> None:
    old = Noop.enqueue(arguments={"$date": "soon", "n": 1})
    once_more = Noop.enqueue(arguments={"$date": "soon"})

    changed = enqueueing.rerun(old, by=ANN, changes={"n": 2})
    kept = enqueueing.rerun(once_more, by=ANN)
    replaced = enqueueing.rerun(once_more, by=ANN, changes={"$date": "late"})

    assert changed.kwargs == {"$date": "soon", "n": 2}
    assert kept.kwargs == {"$dict": {"$date": "soon"}}
    assert replaced.kwargs == {"$dict": {"$date": "late"}}


@pytest.mark.parametrize("kwargs", NO_NAMES)
def test_tasks_and_code_for_rq_read_them_as_no_arguments(kwargs: Any) -> None:
    result = tasks.add.enqueue(1)
    Job.objects.filter(pk=result.id).update(kwargs=kwargs, meta=kwargs)

    assert tasks.add.get_result(result.id).kwargs == {}
    assert rq.Job.fetch(result.id).kwargs == {}
    assert rq.Job.fetch(result.id).meta == {}
