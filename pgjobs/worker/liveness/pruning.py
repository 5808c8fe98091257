"""Deletes rows past their retention, and merges the statistics of jobs that have ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, Self

from pgjobs import events
from pgjobs.conf import get_settings
from pgjobs.rows import statistics
from pgjobs.rows.pruning import BATCH, Refusals, prune
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.engine_thread import EngineThread

SETTINGS: Final = {
    # The plans that the session forbids count as expensive, and PostgreSQL would compile them.
    "jit": "off",
}
_INTERVAL: Final = 60.0
"""Seconds from one pass to the next."""
_PAUSE: Final = 1.0
"""Seconds between two full batches: the disk has other work to do."""
_MOST_REFUSALS: Final = 1000
"""Jobs that may refuse in statements of their own in one pass; the next pass goes on."""
_MOST_PASSED_OVER: Final = 100_000
"""Jobs that are known to refuse, after which a pass ends: each statement takes all their ids."""
_MERGES_TO_FORGET: Final = 60
"""Merges after which old statistics are deleted: this reads all of them."""
_PASSES_TO_REMEMBER: Final = 60
"""Passes after which jobs that refused are tried again, and are named again."""


class Pruning:
    """Prunes and merges statistics once a minute, in a thread and on a connection of its own.

    The worker that makes the rounds does it for the cluster. A trigger of the project may take
    long, or may refuse. On the connection of the heartbeat this would make a living worker look
    dead. The connection is open only during a pass.
    """

    def __init__(self, connection: EngineConnection, makes_rounds: threading.Event) -> None:
        """``makes_rounds`` is set while this worker makes the rounds."""
        self._connection = connection
        self._makes_rounds = makes_rounds
        self._stopping = threading.Event()
        self._thread = EngineThread("pgjobs-pruning", self._run)
        self._passed_over: set[int] = set()
        self._passes = 0
        self._merges = 0

    @classmethod
    def of(cls, alias: str, makes_rounds: threading.Event) -> Self:
        """Return the pruning of the database ``alias``."""
        return cls(EngineConnection(alias, "pruning", SETTINGS), makes_rounds)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End the thread after the batch that it deletes; wait up to ``timeout`` seconds for it."""
        self._stopping.set()
        self._makes_rounds.set()  # ends the wait for the rounds
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._makes_rounds.wait(_INTERVAL) and not self._stopping.is_set():
                self._guarded(self.merge_statistics, events.StatisticsFailed)
                self._guarded(self.take_pass, events.PruningFailed)
                self._stopping.wait(_INTERVAL)

    def _guarded(
        self, act: Callable[[], None], failed: Callable[[Exception], events.Event]
    ) -> None:
        try:
            act()
        except Exception as error:
            events.tell(failed(error))
        finally:
            self._connection.close()

    def merge_statistics(self) -> None:
        """Merge the ends since the last pass; once an hour delete old statistics."""
        while statistics.merge(self._connection.cursor()) and not self._stopping.is_set():
            self._stopping.wait(_PAUSE)
        if self._merges % _MERGES_TO_FORGET == 0:
            statistics.forget(self._connection.cursor())
        self._merges += 1

    def take_pass(self) -> None:
        """Delete what is past its retention, apart from jobs that refuse."""
        if days := get_settings().JOB_RETENTION:
            self._prune_jobs(days)
            self._connection.cursor().execute(load("workers/forget"), {"days": days})
        if days := get_settings().JOURNAL_RETENTION:
            self._connection.cursor().execute(load("steering/forget_journal"), {"days": days})

    def _prune_jobs(self, days: int) -> None:
        refusals, tried_apart = Refusals(), 0
        for batch in prune(self._alone, days=days, passed_over=self._passed_over_so_far()):
            refusals.add(batch)
            tried_apart += batch.was_tried_apart
            if batch.deleted == BATCH:
                self._stopping.wait(_PAUSE)
            has_met_too_many = (
                tried_apart >= _MOST_REFUSALS or len(self._passed_over) >= _MOST_PASSED_OVER
            )
            if self._stopping.is_set() or has_met_too_many:
                break
        refusals.tell()

    def _passed_over_so_far(self) -> set[int]:
        if self._passes % _PASSES_TO_REMEMBER == 0:
            self._passed_over.clear()
        self._passes += 1
        return self._passed_over

    def _alone(self, act: Callable[[Any], Any]) -> Any:
        return act(self._connection.cursor())
