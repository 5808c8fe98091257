"""Runs a worker in this process: as the child of a supervisor, or for a caller in Python."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn, Protocol

from pgjobs.exceptions import DatabaseRefused
from pgjobs.worker.process.child import (
    EXIT_AGAIN,
    EXIT_BROKEN,
    Bond,
    die_with_any_thread,
    leave,
)
from pgjobs.worker.stop_order import StopOrder

_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_YOUNG_OBJECTS: Final = 20_000
"""More objects than a thousand claimed jobs consist of."""


class Runnable(Protocol):
    """The worker, as its process sees it."""

    def run(self) -> bool:
        """Work until told to stop; return whether each started job has ended."""
        ...

    def stop(self) -> None: ...

    def stuck(self) -> tuple[str, float] | None:
        """Return the name of a part that does not go on, and since how many seconds."""
        ...

    @property
    def burst_is_over(self) -> bool:
        """Whether the worker was to end when nothing is due, and has ended for this reason."""
        ...

    stop_order: StopOrder


def run_as_child(worker: Runnable, *, memory_limit: int | None, is_replaced: bool) -> NoReturn:
    """Run ``worker`` under its supervisor, then end this process.

    Above ``memory_limit`` MiB, or if it may open hardly any more files, the worker is told to stop.
    With ``is_replaced``, the supervisor is asked for another child in place of one that ended well,
    unless its burst is over. An order to the worker precedes that.
    """
    bond = Bond(memory_limit=memory_limit, worn=worker.stop_order.drain, stuck=worker.stuck)
    # At once, and not at its end: all processes of a supervisor hear of an order at about the same
    # time, but their jobs end at any time, and each request loads the project anew.
    worker.stop_order.on_restart = bond.ask_for_new_code
    _obey_signals(worker)  # before the first sign of life: a child that has given one must obey
    bond.hold()
    die_with_any_thread()
    _collect_less_often()
    # Not sys.exit() or an exception: Python would wait for the threads of jobs that were cut off,
    # and for threads that a job has started, while this process gives signs of life.
    try:
        ended_well = worker.run()
    except DatabaseRefused as error:
        bond.fail(str(error))
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        bond.say_last(f"{type(error).__name__}: {error}")
        leave(EXIT_BROKEN)
    order = worker.stop_order.order
    bond.say_goodbye(for_good=order == "drain")
    if order is not None:
        is_replaced = order == "restart"
    elif worker.burst_is_over:
        is_replaced = False
    leave(EXIT_AGAIN if ended_well and is_replaced else int(not ended_well))


def run_here(worker: Runnable) -> bool:
    """Run ``worker`` in the process of the caller; return whether each started job has ended.

    Meanwhile SIGTERM and SIGINT stop the worker, unless the caller's thread is not the main one:
    then Python lets it handle no signals. The process goes on afterwards.
    """
    if threading.current_thread() is not threading.main_thread():
        return worker.run()
    with _signals_given_back():
        _obey_signals(worker)
        return worker.run()


def _obey_signals(worker: Runnable) -> None:
    for number in _STOP_SIGNALS:
        signal.signal(number, lambda *_: worker.stop())


@contextmanager
def _signals_given_back() -> Iterator[None]:
    """Restore the caller's handlers at the end.

    If they were not restored, Ctrl-C would go to a worker that has ended, and not to the caller,
    such as pytest.
    """
    before = {number: signal.getsignal(number) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # None: not set from Python, and out of its reach
                signal.signal(number, handler)


def _collect_less_often() -> None:
    """Keep the garbage collector from objects that stay alive: the modules, and the claimed jobs.

    With Python's own threshold the collector walks each of a thousand claimed jobs several times
    before the job ends. That takes as long as to make the job.
    """
    gc.freeze()
    young, *older = gc.get_threshold()
    gc.set_threshold(max(young, _YOUNG_OBJECTS), *older)
