"""What the steps of an attempt ask of the thread or the event loop that they run on."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from pgjobs.exceptions import JobInterrupted
from pgjobs.rows.outcome import Outcome


class Runner:
    """Runs attempts. As it stands here, no stop request reaches a job."""

    stop_request: JobInterrupted | None = None

    def begin(self, job: Any) -> None:
        """Let stop requests reach ``job`` from now on."""

    def finish(self) -> None:
        """Let no stop request reach the job any more."""

    async def wait_for(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run ``coroutine``, which ``run()`` returned, to its end and return its result."""
        raise NotImplementedError

    def note_exit(self, error: BaseException) -> None:
        """Learn that the job raised KeyboardInterrupt or SystemExit.

        Here the exception is forgotten: a job may end itself, not its worker.
        """

    def has_left_transaction_open(self, outcome: Outcome) -> bool:
        """Mend what the job has left in the thread; return whether it left a transaction open."""
        return False
