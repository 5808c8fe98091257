"""Tasks have the types of their functions."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_type

import pgjobs
from pgjobs import BackgroundJob, retry
from pgjobs.models import Job
from pgjobs.tasks import task
from pgjobs.tasks.framework import AnyContext


@task
def plain(order: int, /, copy: str = "", *, urgent: bool = False) -> str:
    return f"{order}{copy}{urgent}"


@task(timeout=60, max_attempts=3, backoff=retry.constant(timedelta(minutes=1)))
def optioned(*orders: int, **texts: str) -> list[int]:
    return [*orders]


@task(takes_context=True, priority=5)
def contextual(context: AnyContext, order: int) -> int:
    return context.attempt + order


@task(takes_context=True)
async def slow(context: AnyContext, order: int = 1) -> float:
    return 1.5


@task
async def slower(order: int) -> float:
    return 1.5


def right() -> None:
    assert_type(plain.enqueue(1, "a", urgent=True).return_value, str)
    assert_type(optioned.enqueue(1, 2, a="b").return_value, list[int])
    assert_type(contextual.enqueue(3).return_value, int)
    assert_type(contextual.using(priority=3, queue_name="low").enqueue(order=3).return_value, int)
    assert_type(slow.enqueue().return_value, float)
    assert_type(slower.enqueue(order=1).return_value, float)


async def right_in_coroutines() -> None:
    assert_type((await plain.aenqueue(1)).return_value, str)
    assert_type((await slow.aenqueue(2)).return_value, float)


def wrong() -> None:
    plain.enqueue()  # error: .
    plain.enqueue("a")  # error: .
    plain.enqueue(1, urgnt=True)  # error: urgnt
    optioned.enqueue("a")  # error: .
    contextual.enqueue("a")  # error: .
    contextual.enqueue()  # error: .
    slow.enqueue("a")  # error: .
    slower.enqueue()  # error: .


class Odd(BackgroundJob):
    def run(self, *args: int, depth: int, full: bool = False, **rest: str) -> None: ...


@pgjobs.job
def odd(*, depth: int = 1, job: Job | None = None, **rest: str) -> None: ...


@pgjobs.job
async def coroutine(to: str, *more: int) -> int:
    return 1


def odd_calls() -> None:
    assert_type(Odd.enqueue(depth=1, full=True, other="a"), Job)
    Odd.enqueue(depth="a")  # error: .
    Odd.enqueue(depth=1, other=1)  # error: .
    assert_type(odd.delay(depth=2, other="a"), Job)
    odd.delay(2)  # error: .
    assert_type(coroutine.delay("a", 1, 2), Job)
    coroutine.delay("a", "b")  # error: .
