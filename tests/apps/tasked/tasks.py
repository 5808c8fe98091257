"""Tasks of Django's framework, for processes that are started with this app."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction

from pgjobs import JobFailed, retry
from pgjobs.tasks import task
from pgjobs.tasks.framework import AnyContext
from tests.apps.testapp.jobs import leave_trace
from tests.apps.testapp.models import Trace

logger = logging.getLogger(__name__)


@task
def add(first: int, second: int = 1) -> int:
    """Add two numbers."""
    return first + second


@task
def echo(*args: Any, **kwargs: Any) -> dict[str, Any]:
    return {"args": args, "kwargs": kwargs}


@task
def called_like_options(job: str, name: str, user: str, instance: str) -> list[str]:
    return [job, name, user, instance]


@task
async def add_slowly(first: int, second: int) -> int:
    return first + second


@task(takes_context=True)
def who_runs(context: AnyContext, greeting: str) -> dict[str, Any]:
    result = context.task_result
    return {
        "greeting": greeting,
        "id": result.id,
        "attempt": context.attempt,
        "status": result.status,
        "worker_ids": result.worker_ids,
        "started": result.started_at is not None,
    }


@task(takes_context=True)
async def which_attempt(context: AnyContext) -> int:
    return context.attempt


@task(max_attempts=3, backoff=retry.constant(timedelta()))
def flaky(succeeds_at: int) -> int:
    leave_trace("flaky")
    attempt = Trace.objects.filter(label="flaky").count()
    if attempt < succeeds_at:
        raise ConnectionError(f"attempt {attempt}")
    return attempt


@task
def breaks(secret: str = "") -> None:
    raise ValueError("It broke.")


@task
async def breaks_slowly() -> None:
    raise ValueError("It broke.")


@task
def fails() -> None:
    raise JobFailed("There is nothing to do.")


@task
def returns_no_json() -> object:
    return object()


@task
def returns_nan() -> float:
    return float("nan")


@task
def returns_too_much() -> str:
    return "x" * 1_000_001


@task
def returns_bytes() -> tuple[bytes, ...]:
    return (b"bytes",)


@task(timeout=1)
def sleeps() -> None:
    for _ in range(600):
        time.sleep(0.05)


@task(queue_name="high", priority=7)
def urgent() -> None:
    leave_trace("urgent")


@task(backend="patient", queue_name="low")
def patient() -> None:
    """Takes the options of its backend."""


@task(once=True)
def only_once(label: str = "") -> None:
    leave_trace(f"once {label}")


@task(isolation="process")
def isolated(number: int) -> int:
    return number * 2


@task(isolation="process")
def breaks_isolated() -> None:
    raise ValueError("It broke.")


@task(atomic=True)
def atomic() -> bool:
    return bool(transaction.get_connection().in_atomic_block)


@task
def leaves_trace(label: str) -> None:
    leave_trace(label)


@task(takes_context=True, max_attempts=2, backoff=retry.constant(timedelta()))
async def flaky_slowly(context: AnyContext) -> int:
    if context.attempt == 1:
        raise ConnectionError
    return context.attempt


@task
def exits() -> None:
    raise SystemExit(3)


@task
async def exits_slowly() -> None:
    raise SystemExit(3)


def with_client(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give the function an argument of its own, in front of those of the call."""

    @functools.wraps(function)
    def outer(*args: Any, **kwargs: Any) -> Any:
        return function("client", *args, **kwargs)

    return outer


@task(sensitive=["password"])
@with_client
def logs_in(client: str, user: str, password: str) -> list[str]:
    return [client, user, password]


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def outer(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return outer


@task(takes_context=True)
@logged
def decorated_with_context(context: AnyContext, number: int) -> list[int]:
    return [context.attempt, number]


@task
@logged
async def decorated_coroutine(number: int) -> int:
    if number < 0:
        raise ValueError(number)
    return number


@task(sensitive=["password"], launchable=True)
def signs_in(user: str, password: str) -> None: ...


@task(takes_context=True)  # type: ignore[arg-type]  # a caller could name the context
def takes_any_with_context(context: AnyContext, **kwargs: Any) -> list[str]:
    return sorted(kwargs)


@task(max_attempts=2, backoff=retry.constant(timedelta()), takes_context=True)
def counts_attempts(context: AnyContext, succeeds_at: int) -> list[int]:
    return _attempts(context, succeeds_at)


@task(max_attempts=2, backoff=retry.constant(timedelta()), takes_context=True)
async def counts_attempts_slowly(context: AnyContext, succeeds_at: int) -> list[int]:
    return _attempts(context, succeeds_at)


def _attempts(context: AnyContext, succeeds_at: int) -> list[int]:
    if context.attempt < succeeds_at:
        raise ConnectionError
    result = context.task_result
    return [context.attempt, len(result.worker_ids), len(result.errors)]


@task
@logged
def has_a_form(since: timedelta, *, note: str = "") -> None: ...
