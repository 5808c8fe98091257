"""Brings outcomes and notes to PostgreSQL: in batches of a bounded size, until they are written."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

import psycopg

from pgjobs import events
from pgjobs.worker.backoff import Backoff
from pgjobs.worker.busy import Busy
from pgjobs.worker.connection import EngineConnection

LARGEST_BATCH_SIZE: Final = 4_000_000
"""Characters of text and JSON that a batch of several items holds at most. With 25 million, psycopg
encodes for seconds between the BEGIN of the notes and their statement, and PostgreSQL ends a
transaction that idles for five."""

HEAVY: Final = 1_000_000
"""An item of so many characters may itself be the reason why its statement breaks the session."""

MOST_TRIES: Final = 3
"""Tries of a heavy item, each in a new session, before something shorter is written instead."""

# The beginnings of the SQLSTATEs of errors that a smaller batch would meet too: a standby is
# read-only, the disk is full, sessions are used up, an operator ends the session.
_NOT_BY_THE_BATCH: Final = ("25006", "53100", "53300", "57P")

T = TypeVar("T")


class Delivery:
    """Writes batches on one connection, and tries them again while the server is away.

    A batch that breaks an open session is split before this counts as an outage: it may be more
    than the server or the session can bear.
    """

    def __init__(self, connection: EngineConnection) -> None:
        self._connection = connection
        self._backoff = Backoff()
        self.busy = Busy()
        self.is_uncertain = False
        """Whether a commit of the items in hand may have succeeded although its answer was lost."""

    def deliver(
        self,
        items: Sequence[T],
        write: Callable[[Sequence[T]], None],
        *,
        size_of: Callable[[T], int],
        write_instead: Callable[[T, Exception], None],
    ) -> None:
        """Call ``write`` with batches of ``items``, in their order, until all are written.

        Call ``write_instead`` with an item that breaks each session in which it is written alone.
        """
        batches = deque(_of_bounded_size(items, size_of))
        errors: list[psycopg.Error] = []  # of the heavy item that comes first
        while batches:
            batch = batches[0]
            self._reach()
            self.busy.begin()
            try:
                if len(errors) < MOST_TRIES:
                    write(batch)
                else:
                    write_instead(batch[0], errors[-1])
            except psycopg.Error as error:
                self._lose()
                if _is_not_by_the_batch(error):
                    self._wait(error)
                elif len(batch) > 1:
                    batches.popleft()
                    batches.extendleft((batch[len(batch) // 2 :], batch[: len(batch) // 2]))
                elif len(errors) < MOST_TRIES and size_of(batch[0]) >= HEAVY:
                    errors.append(error)
                else:
                    self._wait(error)
            else:
                batches.popleft()
                errors.clear()
                self._backoff.reset()
        self.busy.rest()
        self.is_uncertain = False

    def retry(self, write: Callable[[], None]) -> None:
        """Call ``write``, and call it again while the server is away."""
        self.deliver((write,), lambda calls: calls[0](), size_of=lambda _: 0, write_instead=_never)

    def _reach(self) -> None:
        """Wait until the connection is open: no batch is to blame for a server that is away."""
        while True:
            try:
                self._connection.get()
            except psycopg.Error as error:
                self._lose()
                self._wait(error)
            else:
                return

    def _lose(self) -> None:
        self._connection.close()
        self.is_uncertain = True

    def _wait(self, error: psycopg.Error) -> None:
        if self._backoff.is_news:
            events.tell(events.DatabaseAway("recording", error))
        self.busy.rest()
        time.sleep(self._backoff.next())


def _of_bounded_size(items: Sequence[T], size_of: Callable[[T], int]) -> Iterator[Sequence[T]]:
    """Yield ``items`` in batches of at most LARGEST_BATCH_SIZE, or of one item."""
    first, total = 0, 0
    for index, item in enumerate(items):
        size = size_of(item)
        total += size
        if total > LARGEST_BATCH_SIZE and index > first:
            yield items[first:index]
            first, total = index, size
    yield items[first:]


def _is_not_by_the_batch(error: psycopg.Error) -> bool:
    return error.sqlstate is not None and error.sqlstate.startswith(_NOT_BY_THE_BATCH)


def _never(item: object, error: Exception) -> None:
    raise AssertionError("an item without a size is tried for ever")
