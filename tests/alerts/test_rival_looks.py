"""Two processes look at the same moment: one of them has the turn, and one of them tells."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from pgjobs.models import AlertState
from pgjobs.sql import load
from tests.support.elsewhere import elsewhere, is_waited_for
from tests.support.eventually import eventually
from tests.support.sql import query

pytestmark = pytest.mark.usefixtures("empty_queue", "no_system_jobs")

TAKES: dict[str, dict[str, Any]] = {
    "alerts/take_turn_if_due": {},
    "alerts/take_untold": {"taken": [], "seconds": 120.0},
}


def take(statement: str) -> bool:
    """Return whether a process takes something by ``statement``."""
    with connection.cursor() as cursor:
        cursor.execute(load(statement), TAKES[statement])
        return cursor.fetchone() is not None


@pytest.mark.parametrize("statement", TAKES)
def test_a_process_takes_nothing_that_a_later_statement_of_another_has_taken(
    statement: str,
) -> None:
    AlertState.objects.create(kind="turn", claimed_until="2026-01-31T12:00Z")
    AlertState.objects.create(kind="no_worker", active=True)
    with transaction.atomic():
        query("LOCK TABLE pgjobs_alert IN ACCESS EXCLUSIVE MODE")
        earlier = elsewhere(lambda: take(statement))
        eventually(is_waited_for)
        assert take(statement)
    assert not earlier.result(60)
