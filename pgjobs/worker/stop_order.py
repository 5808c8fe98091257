"""The order to stop, as every part of a worker sees it."""

from __future__ import annotations

from pgjobs.worker.wakeup import Wakeup


class StopOrder:
    """Says whether the worker must stop, and whether it may still wait for its running jobs."""

    def __init__(self, wakeup: Wakeup) -> None:
        self._wakeup = wakeup
        self.is_given = False
        """The worker claims no more jobs. A worker that has done its work sets this itself."""
        self.is_urgent = False
        """The worker does not wait for its running jobs."""

    def give(self) -> None:
        """Tell the worker to stop. The second time, tell it not to wait for its running jobs.

        A signal handler may call this.
        """
        self.is_urgent = self.is_given
        self.is_given = True
        self._wakeup.set()
