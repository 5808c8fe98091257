"""Backoffs refuse what is no span of time, and never break for a late attempt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from pgjobs import retry
from pgjobs.exceptions import InvalidArgument

LATEST = 32_767


@pytest.mark.parametrize("given", [30, 1.5, None, "30", timedelta(-1), timedelta(days=365_001)])
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("delay", retry.constant),
        ("step", retry.linear),
        ("cap", lambda given: retry.linear(timedelta(1), cap=given)),
        ("first", retry.exponential),
        ("cap", lambda given: retry.exponential(cap=given)),
    ],
)
def test_a_span_that_no_job_can_wait_is_refused_by_name_and_value(
    name: str, make: Callable[[Any], object], given: Any
) -> None:
    with pytest.raises(InvalidArgument, match=f"^{name} must be a timedelta") as refused:
        make(given)
    assert repr(given) in str(refused.value)


@pytest.mark.parametrize("jitter", [-0.1, 1.1, float("nan"), None, "0.1"])
def test_a_jitter_that_is_no_share_is_refused(jitter: Any) -> None:
    with pytest.raises(InvalidArgument, match="jitter must be a number from 0 to 1, not"):
        retry.exponential(jitter=jitter)


@pytest.mark.parametrize("attempt", [1, 2, 31, 2_000, LATEST])
def test_the_longest_waits_are_capped_at_any_attempt(attempt: int) -> None:
    longest = timedelta(days=365_000)

    for backoff in (
        retry.linear(longest, cap=longest),
        retry.exponential(longest, cap=longest, jitter=0),
    ):
        assert backoff(attempt) == longest


def test_a_wait_doubles_exactly_up_to_its_cap() -> None:
    backoff = retry.exponential(timedelta(days=1), cap=timedelta(days=5), jitter=0)

    assert [backoff(attempt).days for attempt in (1, 2, 3, 4, 40)] == [1, 2, 4, 5, 5]
