"""The event loop that all coroutine jobs of a worker share."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

from pgjobs.worker.engine_thread import EngineThread
from pgjobs.worker.slots.own_executor import let_jobs_have_their_own


class EventLoop:
    """An asyncio loop in a thread of its own, which starts when the first job needs it."""

    def __init__(self) -> None:
        self.running: asyncio.AbstractEventLoop | None = None
        """The loop, once its thread has started."""
        self._lock = threading.Lock()
        self._is_to_end = False

    def get(self) -> asyncio.AbstractEventLoop:
        """Return the running loop.

        Raises OSError if the process may open no more files, and RuntimeError if the thread of the
        loop can't start.
        """
        with self._lock:
            if self.running is None:
                loop = asyncio.new_event_loop()
                let_jobs_have_their_own(loop)
                EngineThread("pgjobs-loop", self._run_for_good, (loop,)).start()
                self.running = loop  # not before: without its thread it would run no coroutine
            return self.running

    def stop(self) -> None:
        """Let the loop's thread end, without waiting for it."""
        self._is_to_end = True
        if self.running is not None:
            self.running.call_soon_threadsafe(self.running.stop)

    def _run_for_good(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run ``loop`` until the worker stops it, even if a job stops it or exits.

        A coroutine that raises SystemExit or KeyboardInterrupt ends with it, but asyncio also
        raises the exception out of ``run_forever()``. If the loop ended then, or after a job has
        called ``stop()``, every coroutine of the process would stand still.
        """
        while not self._is_to_end:
            with suppress(SystemExit, KeyboardInterrupt):
                loop.run_forever()
        if not asyncio.all_tasks(loop):  # a cut-off coroutine may still be told something
            loop.close()
