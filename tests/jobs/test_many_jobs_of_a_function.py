"""``enqueue_many()`` of functions with ``@pgjobs.job``."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest

import pgjobs
from pgjobs import BackgroundJob
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from tests.support.rows import a_site

pytestmark = pytest.mark.django_db


@pgjobs.job(queue="high", priority=5)
def greet(name: str, greeting: str = "Hello", job: Job | None = None) -> str:
    return f"{greeting} {name} {job.object if job else None}"


class Greets(BackgroundJob):
    def run(self, name: str) -> str:
        return name


ANY: Any = greet


def results(ids: list[int]) -> list[Any]:
    jobs = [Job.objects.get(pk=key) for key in ids]
    for job in jobs:
        job.run_here()
    return [Job.objects.get(pk=key).result for key in ids]


def test_the_jobs_have_their_arguments_objects_and_options_in_order() -> None:
    lund = a_site("Lund")

    ids = greet.enqueue_many(
        [{"name": "Ada"}, (lund, {"name": "Bob"}), (None, {"name": "Eve", "greeting": "Hi"})],
        timeout=9,
    )

    jobs = Job.objects.in_bulk(ids)
    assert {(job.name, job.queue_name, job.priority, job.timeout) for job in jobs.values()} == {
        ("greet", "high", 5, 9)
    }
    assert results(ids) == ["Hello Ada None", "Hello Bob Lund", "Hi Eve None"]


def test_an_argument_of_all_jobs_may_be_called_name() -> None:
    assert results(greet.enqueue_many([{}, {"greeting": "Hi"}], name="Ada")) == [
        "Hello Ada None",
        "Hi Ada None",
    ]
    assert results(Greets.enqueue_many([{}], name="Ada")) == ["Ada"]


def test_arguments_may_be_any_mapping() -> None:
    arguments = MappingProxyType({"name": "Ada"})

    assert results(greet.enqueue_many([arguments, (a_site("Oslo"), arguments)])) == [
        "Hello Ada None",
        "Hello Ada Oslo",
    ]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ANY.enqueue_many([{"name": "Ada"}, {}]), r"greet\(\) needs name"),
        (
            lambda: ANY.enqueue_many([{"name": "Ada"}, {"nam": "Bob"}]),
            r"nam='Bob' is neither .* Did you mean name\?",
        ),
        (lambda: ANY.enqueue_many([{"name": "Ada", "job": 5}]), "job=5 can't be an argument"),
        (lambda: ANY.enqueue_many([{"name": print}]), r"jobs\[0\]\['name'\]"),
        (lambda: ANY.enqueue_many(["Ada"]), r"jobs\[0\] must be a dict"),
        (lambda: ANY.enqueue_many([{"name": "Ada"}], priority="high"), "priority must be"),
        (lambda: ANY.enqueue_many([{"name": "Ada"}], immediate=True), "immediate can't be"),
    ],
)
def test_a_wrong_item_is_refused_and_no_job_is_inserted(
    call: Callable[[], Any], words: str
) -> None:
    with pytest.raises(InvalidArgument, match=words):
        call()

    assert not Job.objects.exists()
