"""Travels that overlap, move on, fail, and end in another order than they began."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.timezone import now as held_by_name

from pgjobs.testing import Travel, time_travel
from tests.apps.testapp.jobs import Noop
from tests.support.moments import HOUR, MINUTE
from tests.support.sql import query

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)

DAY = 24 * HOUR
IN_2031 = datetime(2031, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    options, body = connection.settings_dict["OPTIONS"], held_by_name.__code__
    yield
    assert connection.settings_dict["OPTIONS"] is options
    assert held_by_name.__code__ is body


def away() -> tuple[timedelta, timedelta]:
    """Return by how much the database and Python have travelled, in whole hours."""
    (row,) = query("SELECT pg_catalog.clock_timestamp() AS home, clock_timestamp() AS now")
    of_python = timezone.now() - datetime.now(UTC)
    return rounded(row["now"] - row["home"]), rounded(of_python)


def rounded(span: timedelta) -> timedelta:
    return round(span / HOUR) * HOUR


def test_moves_of_an_outer_travel_carry_the_inner_one_along() -> None:
    with time_travel(DAY) as outer:
        with time_travel(DAY) as inner:
            outer.move(10 * DAY)
            assert away() == (12 * DAY, 12 * DAY)
            inner.move(DAY)
            assert away() == (13 * DAY, 13 * DAY)
        assert away() == (11 * DAY, 11 * DAY)
    assert away() == (0 * DAY, 0 * DAY)


def test_an_outer_travel_that_ends_first_leaves_the_inner_one_under_way() -> None:
    outer, inner = time_travel(DAY), time_travel(HOUR)
    with outer:
        inner.begin()
    assert away() == (HOUR, HOUR)
    inner.end()
    assert away() == (0 * DAY, 0 * DAY)


@pytest.mark.parametrize("is_over", [False, True])
def test_a_travel_that_is_not_under_way_does_not_move(is_over: bool) -> None:
    travel = time_travel(DAY)
    if is_over:
        with travel:
            pass

    with pytest.raises(RuntimeError, match="not under way"):
        travel.move(DAY)
    assert away() == (0 * DAY, 0 * DAY)


def test_a_travel_that_has_ended_does_not_begin_again() -> None:
    travel = time_travel(DAY)
    with travel:
        pass

    with pytest.raises(RuntimeError, match="begins once"), travel:
        pass


BEYOND: list[Any] = [
    datetime(9999, 12, 31, tzinfo=UTC),
    datetime(1, 1, 2, tzinfo=UTC),
    -800_000 * DAY,
    timedelta.max,
    timedelta.min,
]


@pytest.mark.parametrize("to", BEYOND, ids=str)
def test_a_moment_that_no_job_can_have_is_refused(to: Any) -> None:
    with pytest.raises(ValueError, match=r"from 0002-.* until before 9999-"), time_travel(to):
        pass
    with time_travel(DAY) as travel:
        with pytest.raises(ValueError, match="until before"):
            travel.move(to)
        assert away() == (DAY, DAY)
        assert Noop.enqueue().pk


def test_a_rollback_leads_no_later_step_astray() -> None:
    with time_travel(IN_2031) as travel:
        with transaction.atomic():
            travel.move(DAY)
            transaction.set_rollback(True)
        travel.move(IN_2031 + 2 * DAY)
        assert travel.now() - IN_2031 - 2 * DAY < MINUTE
        assert timezone.now() - IN_2031 - 2 * DAY < MINUTE


@committing
@pytest.mark.parametrize("closes", [False, True])
def test_a_travel_ends_after_the_transaction_in_which_it_began(closes: bool) -> None:
    """As a travel of ``setUpClass()`` does: Django then has also closed the connection."""
    query("DROP SCHEMA IF EXISTS pgjobs_travel CASCADE")
    travel = time_travel(DAY)
    with transaction.atomic():
        travel.begin()
        transaction.set_rollback(True)
    if closes:
        connection.close()
    travel.end()

    with time_travel(DAY):
        assert away() == (DAY, DAY)
    assert rounded(timezone.now() - Noop.enqueue().created) == 0 * DAY
    (row,) = query("SELECT current_setting('search_path') AS path")
    assert "pgjobs_travel" not in row["path"]


def test_code_that_holds_the_function_itself_follows() -> None:
    field = models.DateTimeField(default=timezone.now)
    with time_travel(IN_2031):
        assert field.get_default() >= IN_2031
        assert held_by_name() >= IN_2031
    assert field.get_default() < IN_2031


def test_the_options_of_sessions_grow_with_no_move() -> None:
    with time_travel(DAY) as travel:
        first = connection.settings_dict["OPTIONS"]["options"]
        for _ in range(3):
            travel.move(DAY)
        assert len(connection.settings_dict["OPTIONS"]["options"]) == len(first) + 1


def test_a_coroutine_travels() -> None:
    async def look() -> tuple[datetime, datetime]:
        async with time_travel(IN_2031) as travel:
            job = await Noop.aenqueue()
        assert isinstance(travel, Travel)
        return job.created, timezone.now()

    inside, afterwards = async_to_sync(look)()
    assert afterwards < IN_2031 <= inside


@committing
def test_a_session_that_the_server_has_ended_stops_no_travel_from_ending() -> None:
    with time_travel(DAY):
        ended: list[Any] = [connection.connection]
        pid = ended[0].info.backend_pid
        thread = threading.Thread(target=end_session, args=(pid,))
        thread.start()
        thread.join()

    assert away() == (0 * DAY, 0 * DAY)
    assert not query(
        "SELECT 1 FROM pg_depend WHERE refclassid = 'pg_proc'::regclass AND deptype = 'n'"
        " AND refobjid = to_regprocedure('pgjobs_travel.statement_timestamp()')"
    )


def end_session(pid: int) -> None:
    query("SELECT pg_terminate_backend(%s, 30000)", pid)
    connection.close()


@committing
def test_a_session_of_a_pool_keeps_no_time_of_a_travel() -> None:
    before = connection.settings_dict["OPTIONS"]
    connection.close()
    connection.settings_dict["OPTIONS"] = {**before, "pool": {"min_size": 1, "max_size": 2}}
    try:
        with time_travel(DAY) as travel:
            assert in_a_thread() == (DAY, DAY)
            travel.move(DAY)
            assert in_a_thread() == (2 * DAY, 2 * DAY)
            connection.close()
        assert in_a_thread() == away() == (0 * DAY, 0 * DAY)
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        connection.settings_dict["OPTIONS"] = before


def in_a_thread() -> tuple[timedelta, timedelta]:
    """Return how far the next session of another thread is away."""
    seen = []

    def look() -> None:
        seen.append(away())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return seen[0]
