"""What the clock does while procrastinate can't tick."""

from __future__ import annotations

import pytest

from pgjobs import events
from pgjobs.clock import tick
from tests.support.told_events import ToldSoFar


@pytest.mark.django_db(transaction=True)
def test_an_error_of_a_schedule_is_told_and_does_not_end_the_thread(
    monkeypatch: pytest.MonkeyPatch, told: ToldSoFar
) -> None:
    def fail() -> None:
        raise ValueError("no such rule")

    monkeypatch.setattr(tick, "fire_due", fail)

    tick._fire_meanwhile()

    (failed,) = told(events.TickFailed)
    assert "no such rule" in str(failed["error"])
