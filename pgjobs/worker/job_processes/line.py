"""The connections of a job process to its worker, as the process sees them.

A job may close all descriptors of its process, and open others under their numbers. So each use
looks first whether the descriptor is still the one that the process began with.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from pgjobs.exceptions import JobInterrupted
from pgjobs.worker.descriptors import file_of
from pgjobs.worker.job_processes import messages
from pgjobs.worker.job_processes.frames import Frames, NotAFrame, frame
from pgjobs.worker.process.child import EXIT_BROKEN

_PIECE: Final = 1 << 16


class Line:
    """Carries jobs to this process, and notes and outcomes back. Each thread may send."""

    def __init__(self, descriptor: int, *, after_writing: Callable[[], None]) -> None:
        """``after_writing`` is called in the main thread after each message that it has sent."""
        self._socket = socket.socket(fileno=descriptor)
        self._socket.settimeout(None)  # even if the project has set a default timeout
        self._file = file_of(descriptor)
        self._frames = Frames()
        # A handler of the job may send just after the lock was taken, or just before it is freed.
        self._lock = threading.RLock()
        self._writer = 0
        """The thread that writes."""
        self._unsent: deque[tuple[bytes, list[int]]] = deque()
        """Frames, each with the numbers of its bytes that have been sent."""
        self._after_writing = after_writing
        self._process = os.getpid()
        self.is_busy = False
        """The main thread is sending: half a message would make all that follow unreadable."""

    def receive(self) -> Any:
        """Return the next message; None if the worker sends no more."""
        while (message := self._frames.next()) is None:
            self._check()
            try:
                piece = self._socket.recv(_PIECE)
            except ConnectionError:
                return None
            if not piece:
                return None
            self._frames.feed(piece)
        return message

    def send(self, message: dict[str, Any]) -> None:
        """Send ``message``. A process that the job has forked sends nothing."""
        if os.getpid() != self._process:
            return
        content = frame(message)
        if threading.current_thread() is not threading.main_thread():
            self._write(content)
            return
        self.is_busy = True
        try:
            self._write(content)
        finally:
            self.is_busy = False
        self._after_writing()

    def _write(self, content: bytes) -> None:
        """Write ``content``, and the messages that were not written to their end before.

        The job may handle signals. A handler that sends does so in the middle of another message,
        which comes first then. A handler that raises cuts a message off, and the next one
        completes it.
        """
        self._unsent.append((content, []))
        while self._unsent and self._writer != threading.get_ident():
            with self._lock:
                try:
                    self._writer = threading.get_ident()
                    self._write_unsent()
                finally:
                    self._writer = 0

    def _write_unsent(self) -> None:
        self._check()
        while self._unsent:
            content, sent = self._unsent[0]
            while rest := memoryview(content)[sum(sent) :]:
                try:
                    # In one call of C code, so that no handler comes between sending and counting.
                    sent.extend(map(self._socket.send, [rest]))
                except ConnectionError:  # the worker is gone
                    os._exit(EXIT_BROKEN)
            self._unsent.popleft()

    def _check(self) -> None:
        if file_of(self._socket.fileno()) != self._file:
            with suppress(Exception):
                sys.stderr.write("The job closed the connection of its process to the worker.\n")
                sys.stderr.flush()
            os._exit(EXIT_BROKEN)


class StopRequests:
    """The pipe for stop requests. It is only read, and never waited for."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._file = file_of(descriptor)
        self._frames = Frames()
        os.set_blocking(descriptor, False)

    def read(self) -> Iterator[tuple[JobInterrupted, messages.Identity]]:
        """Yield the stop requests that have come."""
        if file_of(self._descriptor) != self._file:
            return
        with suppress(OSError):
            while piece := os.read(self._descriptor, _PIECE):
                self._frames.feed(piece)
        with suppress(NotAFrame):
            while (message := self._frames.next()) is not None:
                yield messages.to_stop_request(message)
