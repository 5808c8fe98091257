"""The supervisor's side of its zygote."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from typing import Final

from pgjobs import events
from pgjobs.worker.backoff import Backoff
from pgjobs.worker.process.command_line import inherited_socket, start_connected
from pgjobs.worker.process.zygote import NUMBER, READY
from pgjobs.worker.readable import is_readable

ZYGOTE: Final = "PGJOBS_ZYGOTE"
"""The environment variable of a zygote. It holds the descriptor of its socket."""

_LONGEST_FORK: Final = 10.0
_END: Final = 2.0


class ForkedProcess:
    """A process that the zygote has forked, with the methods of ``subprocess.Popen``."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or the negative number of the signal that ended it, or None."""
        if self._code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if ended else None
        return self._code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:  # once it is reaped, another process may have its id
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Zygote:
    """Starts the zygote by the command line of this process, and lets it fork workers."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._commands: socket.socket | None = None
        self._is_loaded = False
        self._is_outdated = False
        self._backoff = Backoff()
        self._start_at = 0.0

    @property
    def descriptor(self) -> int | None:
        """The descriptor that can be read once the project is loaded; None if none is loading."""
        if self._commands is None or self._is_loaded:
            return None
        return self._commands.fileno()

    @property
    def is_loaded(self) -> bool:
        """Whether it has loaded the project, and can fork."""
        return self._is_loaded and not self._is_outdated

    @property
    def pid(self) -> int:
        """Its process id; 0 if there is none."""
        return self._process.pid if self._process is not None else 0

    def renew(self) -> None:
        """Load the project anew before the next fork, because its code may have changed."""
        self._is_outdated = True

    def tend(self) -> None:
        """See that there is a zygote with the newest code, and do not wait for it.

        It loads the project while old processes end, and before a process needs it.
        """
        if self._is_outdated:
            self.end()
            self._backoff.reset()
            self._is_outdated, self._start_at = False, 0.0
        self._hear()
        if self._process is not None and self._process.poll() is not None:
            self._bury()
        if self._process is None and time.monotonic() >= self._start_at:
            self._start_or_tell()

    def fork(self, index: int, signs: int) -> ForkedProcess:
        """Fork the child number ``index``, which gives its signs of life to ``signs``.

        Raises OSError.
        """
        try:
            pid = self._ask(index, signs)
        except OSError:
            self.end()
            raise
        if pid < 0:
            raise OSError(-pid, os.strerror(-pid))
        self._backoff.reset()
        return ForkedProcess(pid)

    def _ask(self, index: int, signs: int) -> int:
        if self._commands is None:
            raise ConnectionError("there is no zygote")
        socket.send_fds(self._commands, [NUMBER.pack(index)], [signs])
        if not is_readable(self._commands.fileno(), _LONGEST_FORK):
            raise TimeoutError(f"the zygote has not answered for {_LONGEST_FORK:g} seconds")
        answer = self._commands.recv(NUMBER.size)
        if len(answer) < NUMBER.size:
            raise ConnectionError("the zygote has ended")
        pid: int = NUMBER.unpack(answer)[0]
        return pid

    def end(self) -> int:
        """End the zygote and return its exit code. The processes that it has forked live on."""
        if self._commands is not None:
            self._commands.close()
            self._commands = None
        process, self._process = self._process, None
        was_loaded, self._is_loaded = self._is_loaded, False
        if process is None:
            return 0
        if not was_loaded:
            process.kill()
        try:
            return process.wait(_END)
        except subprocess.TimeoutExpired:  # it is stopped
            process.kill()
            return process.wait()

    def _hear(self) -> None:
        """Hear whether it has loaded the project."""
        if self.descriptor is None or not is_readable(self.descriptor):
            return
        if self._commands is not None and self._commands.recv(len(READY)) == READY:
            self._is_loaded = True
        else:  # it is about to end, or the project has closed its socket
            self._bury()

    def _bury(self) -> None:
        code = self.end()
        events.tell(events.ZygoteEnded(code, max(0.0, self._start_at - time.monotonic())))

    def _start_or_tell(self) -> None:
        delay = self._backoff.next()
        self._start_at = time.monotonic() + delay
        try:
            self._start()
        except OSError as error:  # no memory, no more processes, or Python is being replaced
            events.tell(events.ZygoteNotStarted(error, delay))

    def _start(self) -> None:
        # Ctrl-C signals a whole process group, and the zygote obeys the supervisor.
        self._process, self._commands = start_connected(ZYGOTE, os.environ, start_new_session=True)


def is_zygote() -> bool:
    """Return whether a supervisor started this process as its zygote."""
    return ZYGOTE in os.environ


def zygote_socket() -> socket.socket | None:
    """Return the socket for commands if this process is a zygote, or None."""
    return inherited_socket(ZYGOTE)
