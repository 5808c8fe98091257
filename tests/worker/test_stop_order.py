"""The order to stop: what counts as the first signal and what as the second."""

from __future__ import annotations

from pgjobs.worker.stop_order import StopOrder
from pgjobs.worker.wakeup import Wakeup


def test_a_signal_to_a_worker_that_stops_by_itself_is_the_first_one() -> None:
    stop_order = StopOrder(Wakeup())
    stop_order.drain()
    stop_order.obey("restart")
    stop_order.give()
    assert (stop_order.is_given, stop_order.is_urgent) == (True, False)
    stop_order.give()
    assert stop_order.is_urgent
