"""What lives and stops with a worker."""

from __future__ import annotations

from typing import Protocol


class Companion(Protocol):
    """Something that lives and stops with the worker, such as the clock; the command brings it."""

    def start(self) -> None: ...
    def drain(self) -> None:
        """Take no more work; what runs may end."""
        ...

    def has_ended(self) -> bool:
        """Say whether all that ran when it was told to drain has ended."""
        ...

    def stop(self, timeout: float) -> None: ...
    def is_idle(self) -> bool:
        """Say whether a burst may end."""
        ...
