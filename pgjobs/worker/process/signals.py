"""The signals to a supervisor, which it obeys between two steps."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterator
from contextlib import contextmanager


class Signals:
    """Collects signals. A process that is just being started would miss one obeyed at once."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        """A pipe that can be read whenever a signal has come, such as for the end of a child."""
        self._come: list[int] = []

    def add(self, number: int, _frame: object) -> None:
        self._come.append(number)

    def take(self) -> list[int]:
        """Return the signals that have come since the last call, in their order."""
        taken = []
        while self._come:
            taken.append(self._come.pop(0))
        return taken


@contextmanager
def collected(numbers: Collection[int]) -> Iterator[Signals]:
    """Collect the signals of these ``numbers``, even if the program that started this one has
    blocked them: each process inherits that."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signals = Signals(reader)
    for number in numbers:
        signal.signal(number, signals.add)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (*numbers, signal.SIGCHLD))
    try:
        yield signals
    finally:
        signal.set_wakeup_fd(-1)
        os.close(reader)
        os.close(writer)
