"""The event loop that all coroutine jobs of a worker share."""

from __future__ import annotations

import asyncio
import threading


class EventLoop:
    """An asyncio loop in a thread of its own, which starts when the first job needs it."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    def get(self) -> asyncio.AbstractEventLoop:
        """Return the running loop."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=_run_for_good, args=[self._loop], name="pgjobs-loop", daemon=True
                ).start()
            return self._loop

    def stop(self) -> None:
        """Let the loop's thread end, without waiting for it."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)


def _run_for_good(loop: asyncio.AbstractEventLoop) -> None:
    """Run ``loop`` until it is stopped, even if a job raises SystemExit or KeyboardInterrupt.

    A coroutine that raises one of these two ends with it, but asyncio also raises the exception
    out of ``run_forever()``. If the loop ended then, every coroutine of the process would stand
    still.
    """
    while True:
        try:
            loop.run_forever()
        except (SystemExit, KeyboardInterrupt):
            continue
        if not asyncio.all_tasks(loop):  # a cut-off coroutine may still be told something
            loop.close()
        return
