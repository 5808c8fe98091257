"""The order to stop, as every part of a worker sees it."""

from __future__ import annotations

from collections.abc import Callable

from pgjobs.worker.wakeup import Wakeup


class StopOrder:
    """Says whether the worker must stop, and whether it may still wait for its running jobs."""

    def __init__(self, wakeup: Wakeup) -> None:
        self._wakeup = wakeup
        self.is_given = False
        """The worker claims no more jobs. A worker that has done its work sets this itself."""
        self.is_urgent = False
        """The worker does not wait for its running jobs."""
        self.order: str | None = None
        """The order by which the worker stops, if one was given: ``drain`` or ``restart``."""
        self.on_restart: Callable[[], object] = lambda: None
        """Called once the worker is ordered to restart."""
        self._is_told = False

    def give(self) -> None:
        """Tell the worker to stop. The second time, tell it not to wait for its running jobs.

        A signal handler may call this.
        """
        self.is_urgent = self._is_told
        self._is_told = True
        self.drain()

    def drain(self) -> None:
        """Let the worker stop by itself. A signal that comes later is still the first one."""
        self.is_given = True
        self._wakeup.set()

    def obey(self, order: str) -> None:
        """Let the worker stop because of an order to ``drain`` or to ``restart``."""
        self.order = order
        if order == "restart":
            self.on_restart()
        self.drain()
