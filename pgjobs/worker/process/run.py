"""Runs a worker in this process: as the child of a supervisor, or for a caller in Python."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn, Protocol

from pgjobs.worker.process.child import EXIT_AGAIN, Bond, die_with_any_thread, leave

_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_YOUNG_OBJECTS: Final = 20_000
"""More objects than a thousand claimed jobs consist of."""


class Runnable(Protocol):
    """The worker, as its process sees it."""

    def run(self) -> bool:
        """Work until told to stop; return whether each started job has ended."""
        ...

    def stop(self) -> None: ...


def run_as_child(worker: Runnable, *, memory_limit: int | None, is_replaced: bool) -> NoReturn:
    """Run ``worker`` under its supervisor, then end this process.

    Above ``memory_limit`` MiB the worker is told to stop. With ``is_replaced``, the supervisor is
    asked for another child in place of one that ended well.
    """
    Bond(memory_limit=memory_limit, overweight=worker.stop).hold()
    die_with_any_thread()
    _obey_signals(worker)
    _collect_less_often()
    ended_well = worker.run()
    # Not sys.exit(): it would wait for the threads of jobs that were cut off.
    leave(EXIT_AGAIN if ended_well and is_replaced else int(not ended_well))


def run_here(worker: Runnable) -> bool:
    """Run ``worker`` in the process of the caller; return whether each started job has ended.

    Meanwhile SIGTERM and SIGINT stop the worker. The process goes on afterwards.
    """
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
