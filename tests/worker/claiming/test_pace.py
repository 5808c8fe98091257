"""The number of jobs to claim ahead."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pgjobs.worker.claiming.pace import LARGEST_CLAIM, WINDOW, Pace

SECONDS = st.lists(st.floats(min_value=0, max_value=1000), max_size=30)
SLOTS = st.integers(min_value=1, max_value=64)


def pace_after(slots: int, *seconds: float) -> Pace:
    pace = Pace(slots)
    for one in seconds:
        pace.observe(one)
    return pace


def test_a_pace_without_observations_fills_the_free_slots_alone() -> None:
    pace = Pace(4)
    assert [pace.room(in_hand) for in_hand in range(6)] == [4, 3, 2, 1, 0, 0]


def test_slow_jobs_are_not_claimed_ahead() -> None:
    pace = pace_after(4, WINDOW)
    assert [pace.room(in_hand) for in_hand in range(6)] == [4, 3, 2, 1, 0, 0]


def test_fast_jobs_are_claimed_ahead_for_the_length_of_the_window() -> None:
    pace = pace_after(2, WINDOW / 10)
    assert pace.room(0) == 2 + 20


def test_a_pace_with_half_of_its_claimed_jobs_left_claims_no_more() -> None:
    pace = pace_after(2, WINDOW / 10)
    assert pace.room(2 + 20 - 10) == 0
    assert pace.room(2 + 20 - 11) == 11


def test_one_slow_job_ends_claiming_ahead_at_once() -> None:
    pace = pace_after(2, *[1e-5] * 100, WINDOW * 2)
    assert pace.room(2) == 0


def test_fast_jobs_after_a_slow_one_are_claimed_ahead_only_gradually() -> None:
    pace = pace_after(2, WINDOW * 2, 1e-5)
    assert pace.room(2) == 0
    for _ in range(200):
        pace.observe(1e-5)
    assert pace.room(2) > 100


@settings(deadline=None)
@given(slots=SLOTS, seconds=SECONDS, in_hand=st.integers(min_value=0, max_value=5000))
def test_a_free_slot_is_always_filled(slots: int, seconds: list[float], in_hand: int) -> None:
    room = pace_after(slots, *seconds).room(in_hand)
    assert room >= max(slots - in_hand, 0)


@settings(deadline=None)
@given(slots=SLOTS, seconds=SECONDS, in_hand=st.integers(min_value=0, max_value=5000))
def test_a_claim_is_never_larger_than_the_limit(
    slots: int, seconds: list[float], in_hand: int
) -> None:
    assert 0 <= pace_after(slots, *seconds).room(in_hand) <= LARGEST_CLAIM
