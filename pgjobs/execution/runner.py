"""The calls that the steps of an attempt make to the thread or the event loop they run on."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from pgjobs.exceptions import JobInterrupted
from pgjobs.rows.outcome import Outcome


class Runner:
    """The base class of all that runs attempts: slots, event loops, and the caller's own process.

    Here no stop request reaches a job; a slot and its loop override the methods for it.
    """

    stop_request: JobInterrupted | None = None

    def begin(self, job: Any) -> None:
        """Let stop requests reach ``job`` from now on."""

    def finish(self) -> None:
        """Let no stop request reach the job any more."""

    async def wait_for(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run ``coroutine``, which ``run()`` returned, to its end and return its result."""
        raise NotImplementedError

    def note_error(self, error: BaseException) -> None:
        """Learn that ``error`` left ``run()``, or that pgjobs overrules the return of ``run()``."""

    def note_exit(self, error: BaseException) -> None:
        """Learn that the job raised KeyboardInterrupt or SystemExit.

        Here the exception is forgotten: a job may end itself, not its worker.
        """

    def has_left_transaction_open(self, outcome: Outcome) -> bool:
        """Clean up the thread after the job; return whether the job left a transaction open."""
        return False
