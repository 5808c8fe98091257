"""The worker's side of its fork server."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from pgjobs.worker.backoff import Backoff
from pgjobs.worker.job_processes.fork_server import (
    BEAT,
    COMMAND,
    FORK,
    KILL,
    NUMBER,
    REST,
    STOP,
)
from pgjobs.worker.process.child import CHILD
from pgjobs.worker.process.command_line import (
    first_directory,
    inherited_socket,
    start_connected,
)
from pgjobs.worker.readable import is_readable

FORK_SERVER: Final = "PGJOBS_FORK_SERVER"
"""The environment variable of a fork server. It holds the descriptor of its socket."""

_LONGEST_START: Final = 60.0
"""Seconds in which a project must be loaded."""
_BEAT_INTERVAL: Final = 0.5
_END: Final = 2.0


class NotForked(OSError):
    """No process could be forked: the fork server does not start, or the system refuses."""


def _directory() -> str | None:
    try:
        return first_directory() or os.getcwd()
    except OSError:  # it was removed
        return None


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != CHILD}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process hands down to the processes that it starts, as it was before the first job.

    A job in a thread may change it for the whole process.
    """

    started_in: str | None = field(default_factory=_directory)
    umask: int = field(default_factory=_umask)
    environment: dict[str, str] = field(default_factory=_environment)

    @property
    def directory(self) -> str | None:
        """The directory to start in; None for the present one, if the other was removed."""
        return self.started_in if self.started_in and os.path.isdir(self.started_in) else None


class ForkServer:
    """Starts the fork server by the command line of this process, and gives it commands.

    Any thread may call the methods.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._surroundings = Surroundings()
        self._process: subprocess.Popen[bytes] | None = None
        self._commands: socket.socket | None = None
        self._backoff = Backoff()
        self._start_at = 0.0
        self._next_beat = 0.0
        self._closing = threading.Event()

    def start(self) -> None:
        """Start to load the project in a new process, and do not wait for it."""
        with self._lock, suppress(OSError):
            self._started()

    def fork(self, descriptors: list[int]) -> int:
        """Fork a process with ``descriptors``, and return its id. Raises NotForked."""
        with self._lock:
            try:
                commands = self._started()
                socket.send_fds(commands, [COMMAND.pack(FORK, 0)], descriptors)
                answer = _answer(commands)
            except NotForked:
                raise
            except OSError as error:
                self._end()
                raise NotForked(f"The fork server does not answer: {error}") from error
            if len(answer) < NUMBER.size:
                code = self._end()
                raise NotForked(f"The fork server ended with {code}; see its standard error.")
            self._backoff.reset()
            pid: int = NUMBER.unpack(answer)[0]
        if pid < 0:
            raise NotForked(f"The system forks no process: {os.strerror(-pid)}")
        return pid

    def stop(self, pid: int) -> None:
        """Let ``pid`` read its stop requests, if it lives."""
        self._tell(STOP, pid)

    def kill(self, pid: int) -> None:
        """Kill ``pid`` and its descendants, if it lives."""
        self._tell(KILL, pid)

    def beat(self) -> None:
        """Give a sign of life, without which the fork server would kill all its processes."""
        if (now := time.monotonic()) >= self._next_beat:
            self._next_beat = now + _BEAT_INTERVAL
            self._tell(BEAT, 0)

    def rest(self) -> None:
        """Give no sign of life until the next one, because no job runs."""
        self._next_beat = 0.0
        self._tell(REST, 0)

    def abandon(self) -> None:
        """End the fork server and all its processes. The next process comes from another one."""
        with self._lock:
            self._end()

    def close(self) -> None:
        """End the fork server and all its processes for good, even while it loads the project."""
        self._closing.set()
        if (commands := self._commands) is not None:
            with suppress(OSError):  # another thread has closed it
                commands.shutdown(socket.SHUT_RDWR)  # ends the wait for an answer
        self.abandon()

    def _tell(self, command: bytes, pid: int) -> None:
        # Without the lock, under which another thread may wait for a project to be loaded.
        if (commands := self._commands) is not None:
            with suppress(OSError):
                commands.send(COMMAND.pack(command, pid))

    def _started(self) -> socket.socket:
        if self._commands is not None:
            return self._commands
        if (wait := self._start_at - time.monotonic()) > 0:
            self._closing.wait(wait)
        self._refuse_if_closing()
        self._start_at = time.monotonic() + self._backoff.next()
        surroundings = self._surroundings
        self._process, ours = start_connected(
            FORK_SERVER,
            surroundings.environment,
            cwd=surroundings.directory,
            umask=surroundings.umask,
            stdin=subprocess.DEVNULL,
        )
        ours.setblocking(False)
        self._commands = ours
        self._refuse_if_closing()  # close() may not have seen the socket
        return ours

    def _refuse_if_closing(self) -> None:
        if self._closing.is_set():
            raise NotForked("The worker is ending.")

    def _end(self) -> int | None:
        """End the fork server; return its exit code if it ends at once."""
        if self._commands is not None:
            self._commands.close()
            self._commands = None
        process, self._process = self._process, None
        if process is None:
            return None
        try:
            return process.wait(_END)
        except subprocess.TimeoutExpired:
            process.kill()  # the kernel ends its children with it
            return process.wait()


def _answer(commands: socket.socket) -> bytes:
    if not is_readable(commands.fileno(), _LONGEST_START):
        raise TimeoutError(f"no answer within {_LONGEST_START:g} seconds")
    return commands.recv(NUMBER.size)


def is_fork_server() -> bool:
    """Return whether a worker started this process as its fork server."""
    return FORK_SERVER in os.environ


def fork_server_socket() -> socket.socket | None:
    """Return the socket for commands if this process is a fork server, or None."""
    return inherited_socket(FORK_SERVER)
