"""For how long a thread of the engine has not come to the end of its present step."""

from __future__ import annotations

import time


class Busy:
    """Tells a thread that goes on from one that is stuck. Any thread may ask."""

    def __init__(self) -> None:
        self._since: float | None = None

    def begin(self) -> None:
        """Note that the thread begins a step, which also ends the step before."""
        self._since = time.monotonic()

    def rest(self) -> None:
        """Note that the thread waits for something to do, or for a server that is away."""
        self._since = None

    @property
    def seconds(self) -> float:
        """Seconds since the present step began; 0 while the thread rests."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since
