"""The parts of a worker process that the worker itself does not know."""

from __future__ import annotations

from typing import Protocol


class Companion(Protocol):
    """A part that starts and stops with the worker, such as the clock. The command brings it."""

    def start(self) -> None: ...
    def drain(self) -> None:
        """Take no more work; running work may end."""
        ...

    def has_ended(self) -> bool:
        """Return whether all work that ran at ``drain()`` has ended."""
        ...

    def stop(self, timeout: float) -> None:
        """End within ``timeout`` seconds, and leave behind the work that still runs."""
        ...

    def is_idle(self) -> bool:
        """Return whether a burst may end, because no work of this part runs or is due."""
        ...
