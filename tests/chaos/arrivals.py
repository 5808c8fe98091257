"""The arriving jobs, and the ledger of the jobs that were enqueued in a committed transaction."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db import DatabaseError, connection, transaction

from tests.chaos.jobs import IN_PROCESS, Atomic, Interval, Plain, Retrying, Slow, SlowCoroutine

LEDGER: Final = (
    "CREATE TABLE chaos_order (key text PRIMARY KEY, kind text NOT NULL)",
    "CREATE TABLE chaos_effect (key text NOT NULL, run text NOT NULL)",
    # Each end of a job, by a trigger of its own: the statistics must say the same.
    "CREATE TABLE chaos_end (job_class text, queue text, outcome text)",
    """
    CREATE FUNCTION chaos_note_end() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO chaos_end VALUES (NEW.job_class, NEW.queue_name, NEW.status);
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER chaos_note_end AFTER UPDATE ON pgjobs_job FOR EACH ROW
    WHEN (NEW.completed IS NOT NULL AND OLD.completed IS NULL) EXECUTE FUNCTION chaos_note_end()
    """,
)
# Half of all jobs are atomic; one in a hundred starts a chain.
_MIX: Final[dict[Any, int]] = {
    Atomic: 50,
    Plain: 28,
    Retrying: 15,
    Slow: 4,
    SlowCoroutine: 2,
    Interval: 1,
}
_IN_PROCESS: Final = 1 / 3
"""The part of the jobs that run in processes of their own."""
_BATCH: Final = 20
# The statement skips a locked row: it must not wait for a frozen worker that holds the row.
_BRING_FORWARD: Final = """
UPDATE pgjobs_job SET scheduled = now() WHERE id IN (
    SELECT id FROM pgjobs_job
    WHERE status = 'scheduled' AND interval IS NOT NULL AND scheduled > now()
    FOR NO KEY UPDATE SKIP LOCKED
)
"""


@dataclass(frozen=True, kw_only=True)
class Order:
    key: str
    kind: Any
    in_process: bool
    seconds: float

    def place(self) -> None:
        job_class = IN_PROCESS[self.kind] if self.in_process else self.kind
        if self.kind is Interval:
            job_class.enqueue(key=self.key, interval=1)
        elif self.kind in (Slow, SlowCoroutine):
            job_class.enqueue(key=self.key, seconds=self.seconds)
        else:
            job_class.enqueue(key=self.key)


class Arrivals:
    """Spreads `count` jobs over `seconds`, in transactions of up to twenty."""

    def __init__(self, count: int, seconds: float, chance: random.Random) -> None:
        kinds = chance.choices(list(_MIX), list(_MIX.values()), k=count)
        self._orders = [
            Order(
                key=f"{number:06}",
                kind=kind,
                in_process=chance.random() < _IN_PROCESS,
                seconds=_seconds(chance),
            )
            for number, kind in enumerate(kinds)
        ]
        self._rate = count / seconds
        self._began = time.monotonic()
        self._next_step = self._began
        self._is_uncertain = False
        self.placed = 0

    @property
    def all_placed(self) -> bool:
        return self.placed == len(self._orders)

    def turn(self, *, hurry: bool = False) -> None:
        due = len(self._orders) if hurry else int((time.monotonic() - self._began) * self._rate)
        batch = self._orders[self.placed : min(due, self.placed + _BATCH)]
        if not batch:
            return
        self._is_uncertain = not _guarded(lambda: self._place(batch))
        if not self._is_uncertain:
            self.placed += len(batch)

    def bring_chains_forward(self) -> None:
        """Bring chains forward once a second, as if a minute had passed. No interval is shorter
        than a minute."""
        if time.monotonic() >= self._next_step and _guarded(_bring_forward):
            self._next_step = time.monotonic() + 1.0

    def _place(self, batch: list[Order]) -> None:
        # If the answer to the last commit was lost, the commit may have succeeded.
        if self._is_uncertain and _is_in_ledger(batch[0]):
            return
        with transaction.atomic(), connection.cursor() as cursor:
            for order in batch:
                order.place()
            lines = [(order.key, order.kind.__name__) for order in batch]
            cursor.executemany("INSERT INTO chaos_order (key, kind) VALUES (%s, %s)", lines)


def _seconds(chance: random.Random) -> float:
    # A long job still runs for the second time when its frozen first run resumes.
    return chance.uniform(6, 12) if chance.random() < 0.15 else chance.uniform(0.3, 3)


def _guarded(write: Callable[[], None]) -> bool:
    try:
        write()
    except DatabaseError:
        connection.close()
        return False
    return True


def _is_in_ledger(order: Order) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM chaos_order WHERE key = %s", [order.key])
        return cursor.fetchone() is not None


def _bring_forward() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BRING_FORWARD)
