"""A wait that ends for several reasons: a free slot, a stop order, a ring or the time."""

from __future__ import annotations

import os
import select

import psycopg

from pgjobs.worker.busy import Busy


class Wakeup:
    """A flag that one thread waits for. Any thread may set it, and so may a signal handler."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._is_set = False
        self._busy = Busy()

    @property
    def busy_for(self) -> float:
        """Seconds since the waiting thread has left its last wait; 0 while it waits."""
        return self._busy.seconds

    def go_on(self) -> None:
        """Note that the thread goes on, although it has not waited."""
        self._busy.begin()

    def set(self) -> None:
        """End the current wait, or the next one if no thread waits."""
        if not self._is_set:
            self._is_set = True
            os.write(self._writer, b"\0")

    def pause(self, timeout: float) -> None:
        """Wait up to ``timeout`` seconds for the flag, before another try of the same work.

        The thread counts as busy meanwhile.
        """
        self._wait(timeout, None)

    def wait(self, timeout: float, connection: psycopg.Connection | None = None) -> bool:
        """Wait up to ``timeout`` seconds for the flag or a notification on ``connection``.

        Return whether a notification came. Raises psycopg.OperationalError if the server has ended
        the connection.
        """
        self._busy.rest()
        try:
            return self._wait(timeout, connection)
        finally:
            self.go_on()

    def _wait(self, timeout: float, connection: psycopg.Connection | None) -> bool:
        poll = select.poll()  # select() refuses descriptors above 1,023
        poll.register(self._reader, select.POLLIN)
        if connection is not None:
            poll.register(connection.fileno(), select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll(1000 * max(timeout, 0))}
        if self._reader in ready:
            # The pipe is emptied before the flag is lowered. A set() in between writes nothing, but
            # its cause is not lost, because the caller checks everything after each wait.
            os.read(self._reader, 4096)
            self._is_set = False
        return connection is not None and connection.fileno() in ready and _notified(connection)

    def close(self) -> None:
        self._busy.rest()
        os.close(self._reader)
        os.close(self._writer)


def _notified(connection: psycopg.Connection) -> bool:
    """Read all input; return whether a notification was in it.

    Raises psycopg.OperationalError if the server has ended the connection.
    """
    connection.pgconn.consume_input()
    notified = False
    while connection.pgconn.notifies() is not None:
        notified = True
    return notified
