"""The test kit with functions inside decorators: their calls meet the decorator's parameters."""

from __future__ import annotations

import functools
from typing import Any

import pytest

import pgjobs
from pgjobs.testing import assert_enqueued, refute_enqueued, run_job

pytestmark = pytest.mark.django_db


def with_client(func: Any) -> Any:
    """Give ``func`` a client in front of its arguments."""

    @functools.wraps(func)
    def inner(to: str, full: bool = False) -> Any:
        return func("client", to, full)

    return inner


def hands_on(func: Any) -> Any:
    @functools.wraps(func)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return inner


@pgjobs.job
@with_client
def report(client: str, to: str, full: bool) -> list[Any]:
    return [client, to, full]


@pgjobs.job
@hands_on
def receipt(order: int, copy_to: str = "") -> list[Any]:
    return [order, copy_to]


ANY_REPORT: Any = report
ANY_RECEIPT: Any = receipt


def test_arguments_by_position_are_those_of_the_decorator() -> None:
    ANY_REPORT.delay("ops", True)

    assert_enqueued(ANY_REPORT, "ops", True)
    assert_enqueued(ANY_REPORT, to="ops", full=True)
    refute_enqueued(ANY_REPORT, "dev")
    assert run_job(ANY_REPORT, "dev").result == ["client", "dev", False]


def test_arguments_by_position_are_those_that_a_decorator_hands_on() -> None:
    ANY_RECEIPT.delay(7, "ops")

    assert_enqueued(ANY_RECEIPT, 7, "ops")
    refute_enqueued(ANY_RECEIPT, 8)
    assert run_job(ANY_RECEIPT, 8).result == [8, ""]
