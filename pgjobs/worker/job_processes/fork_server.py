"""The fork server: a process that forks the processes of isolated jobs from itself.

It has loaded the project and nothing else: it has one thread, no connection and no job. So a forked
process starts within milliseconds, shares the memory of the loaded code, and copies no lock, socket
or session that another thread or process uses.

The worker writes commands to it. It forks, signals and kills only at these commands, and it alone
waits for its children, so a process id always means the process that the worker means. It ends all
of them, with the programs they have started, if the worker ends or gives no sign of life.
"""

from __future__ import annotations

import errno
import gc
import math
import os
import select
import signal
import socket
import struct
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NoReturn

from pgjobs.worker.kinship import (
    adopt_orphans,
    children_of,
    die_with_parent,
    kill_family,
    kill_strangers,
    take_name,
)
from pgjobs.worker.leftovers import close_connections
from pgjobs.worker.readable import is_readable
from pgjobs.worker.streams import flush_streams

FORK: Final = b"F"
STOP: Final = b"S"
KILL: Final = b"K"
BEAT: Final = b"B"
"""A sign of life, as each other command is one."""
REST: Final = b"R"
"""No job runs, and no sign of life will come before the next command."""
COMMAND: Final = struct.Struct("!ci")
"""A command, and the process that it concerns. With FORK come the descriptors of `Ends`."""
NUMBER: Final = struct.Struct("!i")
"""The answer to FORK: a process id, or the negative number of an error. The last message of each
process: its exit code, as ``subprocess`` gives it."""
_ENDS: Final = 4
"""Descriptors that come with FORK."""
_LOOK: Final = os.WEXITED | os.WNOHANG | os.WNOWAIT
STOP_SIGNAL: Final = signal.SIGUSR2
"""Says that a stop request waits to be read."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The descriptors of one job process."""

    frames: int
    """A socket to the worker, for jobs, notes and outcomes."""
    stop_requests: int
    errors: int
    """A pipe for its standard error."""


Run = Callable[[Ends], object]


def serve(commands: socket.socket, run: Run, *, silence: float) -> NoReturn:
    """Obey ``commands`` until their sender closes them, then end this process.

    ``run`` is called in each forked process. Without a sign of life for ``silence`` seconds all
    forked processes are killed: the worker may be stopped, and others may soon take its jobs.
    """
    close_connections()
    adopt_orphans()
    take_name("pgjobs-fork")
    for number in (signal.SIGTERM, signal.SIGINT):  # the worker decides when to end
        signal.signal(number, lambda *_: None)
    flush_streams()  # or each forked process would write the same text
    gc.collect()
    gc.freeze()  # or the collector of each forked process would copy all memory
    try:
        _Server(commands, run, silence).run()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


class _Server:
    def __init__(self, commands: socket.socket, run_forked: Run, silence: float) -> None:
        self._commands = commands
        self._run_forked = run_forked
        self._silence = silence
        self._heard = time.monotonic()
        self._worker = os.getppid()
        self._programs = frozenset(children_of(os.getpid()))
        """The programs that the project has started while it was loaded."""
        self._living: dict[int, int] = {}
        """The pipe for the exit code of each living process."""
        self._reader, self._wakeup = os.pipe()
        for descriptor in (self._reader, self._wakeup):
            os.set_blocking(descriptor, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakeup, warn_on_full_buffer=False)

    def run(self) -> None:
        poll = select.poll()
        poll.register(self._commands, select.POLLIN)
        poll.register(self._reader, select.POLLIN)
        pause = min(1.0, self._silence / 8)
        while True:
            began = time.monotonic()
            ready = {descriptor for descriptor, _ in poll.poll(pause * 1000)}
            # If this process itself was stopped, this time is no silence of the worker.
            self._heard += max(0.0, time.monotonic() - began - pause)
            if self._reader in ready:
                os.read(self._reader, 4096)
                self._tell_ends()
            if self._commands.fileno() in ready and not self._obey():
                self._end_all()
                return
            if os.getppid() != self._worker:  # and a process that one of its jobs forked lives on
                self._end_all()
                return
            if time.monotonic() - self._heard > self._silence:
                self._end_all()

    def _obey(self) -> bool:
        """Obey the next command; return False if there will be no more."""
        try:
            text, descriptors, _, _ = socket.recv_fds(self._commands, COMMAND.size, _ENDS)
        except ConnectionError:
            return False
        if len(text) < COMMAND.size:
            return False
        command, pid = COMMAND.unpack(text)
        self._heard = math.inf if command == REST else time.monotonic()
        if command == FORK:
            self._fork(descriptors)
        elif pid in self._living:  # otherwise its end is on its way to the worker
            if command == STOP:
                os.kill(pid, STOP_SIGNAL)
            elif command == KILL:
                kill_family(pid)
        return True

    def _fork(self, descriptors: list[int]) -> None:
        if len(descriptors) < _ENDS:  # the others are lost: this process may open no more files
            for descriptor in descriptors:
                os.close(descriptor)
            self._answer(-errno.EMFILE)
            return
        frames, stop_requests, errors, code = descriptors
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            pid = -(error.errno or 1)
        if pid == 0:
            inherited = [*self._living.values(), code]
            self._be_forked(server, Ends(frames, stop_requests, errors), inherited)
        for descriptor in (frames, stop_requests, errors):
            os.close(descriptor)
        if pid > 0:
            self._living[pid] = code
        else:
            os.close(code)
        self._answer(pid)

    def _answer(self, number: int) -> None:
        with suppress(OSError):  # the worker has ended
            self._commands.sendall(NUMBER.pack(number))

    def _be_forked(self, server: int, ends: Ends, inherited: list[int]) -> NoReturn:
        """Be a forked process: in a session of its own, without the descriptors of the server."""
        try:
            os.setsid()
            if not die_with_parent(server):
                os._exit(1)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (*inherited, self._reader, self._wakeup, self._commands.detach()):
                os.close(descriptor)
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.close(nothing)
            os.dup2(ends.errors, 2)
            os.close(ends.errors)
            adopt_orphans()
            take_name("pgjobs-job")
            self._run_forked(ends)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    def _tell_ends(self) -> None:
        """Tell the worker of each process that has ended, and end the programs that it has left."""
        with suppress(ChildProcessError):
            while (ended := os.waitid(os.P_ALL, 0, _LOOK)) is not None:
                if ended.si_pid in self._living:
                    # Not reaped yet, so that no other process can have its id and its group.
                    kill_family(ended.si_pid)
                kill_strangers(self._living.keys() | self._programs)
                _, status = os.waitpid(ended.si_pid, 0)
                if (code := self._living.pop(ended.si_pid, None)) is not None:  # no orphan
                    with suppress(OSError):  # the worker has ended
                        os.write(code, NUMBER.pack(os.waitstatus_to_exitcode(status)))
                    os.close(code)

    def _end_all(self) -> None:
        for pid in list(self._living):
            kill_family(pid)
        while self._living:
            is_readable(self._reader, 1.0)
            with suppress(BlockingIOError):
                os.read(self._reader, 4096)
            self._tell_ends()
