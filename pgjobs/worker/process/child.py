"""The bond of a worker process with its supervisor."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, NoReturn

from pgjobs import events, tracing
from pgjobs.conf import get_settings
from pgjobs.worker.descriptors import file_of, may_open_few
from pgjobs.worker.engine_thread import EngineThread
from pgjobs.worker.kinship import die_with_parent
from pgjobs.worker.memory import memory
from pgjobs.worker.process.early_output import give_back_stderr
from pgjobs.worker.streams import flush_streams

CHILD: Final = "PGJOBS_CHILD"
"""The environment variable of a child. It holds the file descriptor for the signs of life, the
process id of the supervisor, and the number of the child."""

EXIT_AGAIN: Final = 75
"""Exit code of a child that asks for another child in its place (EX_TEMPFAIL)."""

EXIT_BROKEN: Final = 70
"""Exit code of a child that can't go on (EX_SOFTWARE). The supervisor waits before the next."""

WELL: Final = b"."
"""The sign of life of a worker whose parts all go on."""
STUCK: Final = b"?"
"""The sign of life of a worker of which one part is stuck."""
GOODBYE: Final = b"$"
"""Says that the worker has ended by itself. A job can end the process with any exit code."""
NEW_CODE: Final = b"+"
"""Says that the worker was ordered to restart: the next process needs the code as it is on disk."""
FOR_GOOD: Final = b"#"
"""Says that no other process shall take the place of this one."""
LAST_WORDS: Final = b"!"
"""Stands before the reason with which a child ends."""

_SIGN_INTERVAL: Final = 1.0
_LAST_FLUSH: Final = 1.0
_LAST_EXPORT: Final = 2.0
"""Seconds in which tracers must have exported their last spans."""
_LONGEST_WORDS: Final = 1000
_FULL_LOOKS: Final = 5
"""Looks in a row, one each second, that find that this process may open hardly any more files."""


class Bond:
    """Gives the supervisor a sign of life each second; ends this process if the supervisor dies."""

    def __init__(
        self,
        *,
        memory_limit: int | None,
        worn: Callable[[], None],
        stuck: Callable[[], tuple[str, float] | None],
    ) -> None:
        """``memory_limit`` is in MiB. ``worn`` is called once if the process exceeds it, or if it
        may open hardly any more files: then its next jobs would all be errored.

        ``stuck`` returns the name of a part that does not go on, and for how many seconds.
        """
        descriptor, supervisor, _ = os.environ.pop(CHILD).split(":")
        self._signs = int(descriptor)
        self._pipe = file_of(self._signs)
        self._supervisor = int(supervisor)
        self._memory_limit = memory_limit
        self._worn = worn
        self._full_looks = 0
        self._stuck = stuck
        self._told_stuck = ""
        # Not by its name, at which a job may put another function.
        self._clock = time.monotonic
        self._right_until = self._clock()
        os.set_inheritable(self._signs, False)

    def hold(self) -> None:
        """Start to give signs of life."""
        give_back_stderr()
        if not die_with_parent(self._supervisor):
            leave()
        if self._memory_limit and memory() > self._memory_limit:
            # Replaced at once, it would be replaced for ever, without a job run.
            self.fail(
                f"--max-memory-per-child {self._memory_limit} is less than the "
                f"{memory():.0f} MiB that a worker needs before its first job."
            )
        EngineThread("pgjobs-bond", self._run).start()

    def fail(self, reason: str) -> NoReturn:
        """End this process, and leave ``reason`` to the supervisor and on standard error."""
        with suppress(Exception):
            sys.stderr.write(f"{reason}\n")
        self.say_last(reason)
        leave(EXIT_BROKEN)

    def say_goodbye(self, *, for_good: bool = False) -> None:
        """Tell the supervisor that the worker has ended, and not a job its process.

        With ``for_good``, ask it to start no other process in the place of this one.
        """
        self._write(GOODBYE + FOR_GOOD if for_good else GOODBYE)

    def ask_for_new_code(self) -> None:
        """Ask the supervisor to start the next process with the code as it is on disk."""
        self._write(NEW_CODE)

    def say_last(self, reason: str) -> None:
        """Tell the supervisor the reason for the end of this process."""
        line = " ".join(reason.split())[:_LONGEST_WORDS]
        self._write(LAST_WORDS + line.encode(errors="replace"))

    def _run(self) -> None:
        told = threading.Event()
        while True:
            stuck = self._stuck()
            if not self._write(STUCK if stuck else WELL):
                leave(EXIT_BROKEN)
            self._tell_once(stuck)
            self._end_if_clock_is_wrong()
            if not told.is_set() and (self._is_overweight() or self._is_full()):
                told.set()
                self._worn()
            time.sleep(_SIGN_INTERVAL)

    def _end_if_clock_is_wrong(self) -> None:
        """End this process if a job has put another clock in the place of Python's, for a lease.

        By such a clock the worker would send no heartbeat and end no late job.
        """
        now = self._clock()
        if abs(time.monotonic() - now) < _SIGN_INTERVAL:
            self._right_until = now
        elif now - self._right_until > get_settings().HEARTBEAT_TIMEOUT:
            self.fail("A job has replaced time.monotonic(), so the worker can't measure time.")

    def _is_overweight(self) -> bool:
        return bool(self._memory_limit) and memory() > (self._memory_limit or 0)

    def _is_full(self) -> bool:
        """Return whether the jobs of this process have long kept nearly all its descriptors open.

        With one free descriptor it could open no connection: psycopg waits by a selector, which
        needs another one.
        """
        self._full_looks = self._full_looks + 1 if may_open_few(self._signs) else 0
        if self._full_looks < _FULL_LOOKS:
            return False
        events.tell(events.FilesExhausted())
        return True

    def _write(self, said: bytes) -> bool:
        """Write to the supervisor; return False if it is gone, or if a job has closed the pipe.

        The job may have opened a file of its own under the number of the pipe.
        """
        if file_of(self._signs) != self._pipe:
            return False
        try:
            os.write(self._signs, said)
        except OSError:
            return False
        return True

    def _tell_once(self, stuck: tuple[str, float] | None) -> None:
        part, seconds = stuck or ("", 0.0)
        if part and part != self._told_stuck:
            events.tell(events.WorkerStuck(part, seconds))
        self._told_stuck = part


def die_with_any_thread() -> None:
    """End this process when one of the engine's threads ends by an exception.

    Most likely memory ran out. A worker that lost its recorder or a slot would send heartbeats as
    before, so no other worker would rescue its jobs.
    """
    EngineThread.at_loss = partial(leave, EXIT_BROKEN)


def is_child() -> bool:
    """Return whether a supervisor started this process."""
    return CHILD in os.environ


def child_number() -> int:
    """Return the number of this child among its supervisor's children, from 1."""
    return int(os.environ[CHILD].rpartition(":")[2])


def leave(code: int = EXIT_AGAIN) -> NoReturn:
    """End this process at once, without waiting for threads that may never end.

    A job may have closed the standard streams, and the reader of a full pipe may have stopped.
    """
    try:
        flush = threading.Thread(target=flush_streams, daemon=True)
        flush.start()
        flush.join(_LAST_FLUSH)
        if tracing.tracers:
            export = threading.Thread(target=tracing.flush, args=(_LAST_EXPORT,), daemon=True)
            export.start()
            export.join(_LAST_EXPORT)
    finally:
        os._exit(code)
