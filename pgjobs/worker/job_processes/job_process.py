"""One process that runs isolated jobs, as the worker sees it."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, Final

from pgjobs.exceptions import JobInterrupted
from pgjobs.models import Job
from pgjobs.rows.notes import Note
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.job_processes import messages
from pgjobs.worker.job_processes.fork_server import NUMBER
from pgjobs.worker.job_processes.forking import ForkServer
from pgjobs.worker.job_processes.frames import Frames, NotAFrame, frame
from pgjobs.worker.memory import memory_of
from pgjobs.worker.readable import is_readable

_PIECE: Final = 1 << 16
_LAST_ERRORS: Final = 4000
"""Bytes of its standard error that are kept to explain the death of a process."""
_LONGEST_END: Final = 5.0
"""Seconds in which a process that has run its last job must end."""
_PATIENCE: Final = 500
"""Milliseconds that a process lives on after it has closed its connection to the worker."""
_KILLED: Final = -9
_NO_MESSAGE: Final = "it wrote to the worker, and this was no message"


@dataclass(frozen=True, slots=True)
class Death:
    """The end of a process before the end of its job."""

    code: int
    """The exit code, or the negative number of the signal that ended it."""
    has_begun: bool
    """Whether the process had read the job to its end. Only Linux tells if it had not."""
    errors: str
    """The end of its standard error."""
    reason: str
    """Why the worker killed it; empty if the worker did not."""


class JobProcess:
    """Runs one job after another in a forked process.

    One thread at a time runs jobs. Any thread may request a stop, and kill the process.
    """

    def __init__(self, server: ForkServer) -> None:
        """Fork the process. Raises NotForked."""
        self.jobs = 0
        """How many jobs it was given."""
        self.is_worn = False
        """It takes no other job."""
        self.identity: messages.Identity = (0, 0, None)
        """The job that it was given."""
        self._server = server
        self._killed_because = ""
        self._has_begun = False
        self._frames = Frames()
        self._last_errors = b""
        with ExitStack() as theirs, ExitStack() as ours:
            self._socket, frames = socket.socketpair()
            ours.callback(self._socket.close)
            theirs.callback(frames.close)
            for end in (self._socket, frames):  # even if the project has set a default timeout
                end.settimeout(None)
            stops, self._stops = _pipe(reader=theirs, writer=ours)
            self._errors, errors = _pipe(reader=ours, writer=theirs)
            self._code, code = _pipe(reader=ours, writer=theirs)
            for descriptor in (self._stops, self._errors):
                os.set_blocking(descriptor, False)
            self.pid = server.fork([frames.fileno(), stops, errors, code])
            self._ours = ours.pop_all()

    @property
    def has_ended(self) -> bool:
        return is_readable(self._code)

    def run(self, job: Job, note: Callable[[Note], None]) -> Outcome | Death | None:
        """Run ``job``, pass on its notes, and return how it ended.

        None means that ``job.terminate()`` has recorded its outcome, or that the row has moved on.
        """
        self.jobs += 1
        self._has_begun, self._last_errors = True, b""
        try:
            self._socket.sendall(frame(messages.from_job(job, is_last=self.is_worn)))
        except ConnectionError:  # it has ended, and its exit code will tell
            self._has_begun = False
        for message in self._messages():
            try:
                if "outcome" in message:
                    self.is_worn |= message["is_last"]
                    return messages.to_outcome(message, job, self.identity)
                note(messages.to_note(message))
            except (KeyError, TypeError, ValueError):
                self.kill(_NO_MESSAGE)
        return self._death()

    def request_stop(self, reason: JobInterrupted) -> None:
        """Raise ``reason`` inside the running job."""
        request = frame(messages.from_stop_request(reason, self.identity))
        with suppress(OSError):  # it has ended, or has not read a thousand earlier requests
            os.write(self._stops, request)
        self._server.stop(self.pid)

    def kill(self, because: str) -> bool:
        """Kill the process and the programs of its job; return False if it was killed before."""
        self.is_worn = True
        is_first = not self._killed_because
        self._killed_because = self._killed_because or because
        self._server.kill(self.pid)
        return is_first

    def discard(self) -> None:
        """Kill the process, and use it no more."""
        self.kill("its worker could not go on with its job")

    def memory(self) -> float:
        """Return its resident memory in MiB; 0 if the system does not tell."""
        try:
            return memory_of(self.pid)
        except (OSError, IndexError):
            return 0.0

    def end(self) -> None:
        """Let the process end, wait until it has ended, and forget it."""
        self.hang_up()
        if not self.wait(_LONGEST_END):
            self.kill("it did not end after its last job")
            if not self.wait(_LONGEST_END):
                self._server.abandon()  # it is stopped, or stuck
                self.wait(_LONGEST_END)
        self._ours.close()

    def hang_up(self) -> None:
        """Let the process end by itself after the job that it has."""
        self.is_worn = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    # Hearing ------------------------------------------------------------------------------

    def _messages(self) -> Iterator[dict[str, Any]]:
        """Yield the messages of the process until it has ended."""
        poll = select.poll()
        for descriptor in (self._socket.fileno(), self._errors, self._code):
            poll.register(descriptor, select.POLLIN)
        has_ended, patience = False, None
        while not has_ended:
            ready = {descriptor for descriptor, _ in poll.poll(patience)}
            has_ended = self._code in ready
            if not ready:
                self.kill("it closed its connection to the worker")
            if self._errors in ready and not self._pass_on_errors():
                poll.unregister(self._errors)
            if self._socket.fileno() in ready and not self._receive(until_empty=has_ended):
                poll.unregister(self._socket.fileno())
                patience = _PATIENCE  # most likely it is about to end
            while (message := self._next_message()) is not None:
                yield message

    def _receive(self, *, until_empty: bool) -> bool:
        """Take the bytes that have come; return False if no more will come."""
        try:
            while piece := self._socket.recv(_PIECE, socket.MSG_DONTWAIT):
                self._frames.feed(piece)
                if not until_empty:
                    return True
        except BlockingIOError:
            return True
        except ConnectionResetError:  # so the kernel says that nobody has read all of the job
            self._has_begun = False
            return True
        return False

    def _next_message(self) -> dict[str, Any] | None:
        try:
            message = self._frames.next()
        except NotAFrame:
            self.kill(_NO_MESSAGE)
            return None
        return message if isinstance(message, dict) else None

    def _pass_on_errors(self) -> bool:
        """Pass its standard error on to that of the worker, and keep the end of it.

        Return False if no more will come.
        """
        try:
            piece = os.read(self._errors, _PIECE)
        except BlockingIOError:
            return True
        with suppress(OSError):
            os.write(2, piece)
        self._last_errors = (self._last_errors + piece)[-_LAST_ERRORS:]
        return bool(piece)

    def _death(self) -> Death:
        self.is_worn = True
        while self._pass_on_errors() and is_readable(self._errors):
            pass
        number = os.read(self._code, NUMBER.size)
        # If its fork server was killed, the kernel has killed the process.
        (code,) = NUMBER.unpack(number) if number else (_KILLED,)
        errors = self._last_errors.decode(errors="replace").strip()
        return Death(code, self._has_begun, errors, self._killed_because)

    def wait(self, seconds: float) -> bool:
        """Pass on errors until it has ended; return False if it still lives after ``seconds``."""
        until = time.monotonic() + seconds
        poll = select.poll()
        for descriptor in (self._errors, self._code):
            poll.register(descriptor, select.POLLIN)
        while (rest := until - time.monotonic()) > 0:
            ready = {descriptor for descriptor, _ in poll.poll(rest * 1000)}
            if self._errors in ready and not self._pass_on_errors():
                poll.unregister(self._errors)
            if self._code in ready:
                return True
        return False


def _pipe(*, reader: ExitStack, writer: ExitStack) -> tuple[int, int]:
    """Return the two ends of a pipe, which the two stacks close."""
    ends = os.pipe()
    reader.callback(os.close, ends[0])
    writer.callback(os.close, ends[1])
    return ends
