"""The parent process: starts children, watches them, starts them again, stops them in time."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pgjobs import events
from pgjobs.worker.backoff import Backoff
from pgjobs.worker.process.child import CHILD, EXIT_AGAIN

TURN: Final = 1.0
"""Seconds between two looks at the children."""
EXTRA_TIME: Final = 15.0
"""Seconds past their shutdown timeout in which children write their last outcomes."""
_SETTLED: Final = 30.0
"""Seconds after which a child that dies is no longer held against the next one."""


@dataclass(eq=False)
class Child:
    """One worker process, as its supervisor sees it."""

    index: int
    backoff: Backoff = field(default_factory=Backoff)
    process: subprocess.Popen[bytes] | None = None
    signs: int = -1
    """The pipe on which the child gives a sign of life each second; its end is the child's."""
    last_sign: float = 0.0
    born: float = 0.0
    start_at: float = 0.0
    has_given_sign: bool = False
    is_done: bool = False


class Supervisor:
    """Keeps ``processes`` children running until told to stop.

    Children are new interpreters with the same command line, not forks: nothing is
    shared, neither connections nor threads that the project started.
    """

    def __init__(
        self,
        *,
        processes: int,
        shutdown_timeout: float,
        silence: float,
        restarts: bool = True,
        liveness_file: Path | None = None,
    ) -> None:
        self._children = [Child(index) for index in range(1, processes + 1)]
        self._shutdown_timeout = shutdown_timeout
        self._silence = silence
        self._restarts = restarts
        self._liveness_file = liveness_file
        self._kill_at: float | None = None
        self._failed = False
        self._told_ready = False
        self._last_turn = time.monotonic()

    def run(self) -> int:
        """Watch until all children are done; return the exit code: 0 if all of them ended well."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())
        try:
            while not all(child.is_done for child in self._children):
                self._turn()
        finally:
            self._kill([child for child in self._children if child.process])
        return int(self._failed)

    def stop(self) -> None:
        """Drain the children; told again, they don't wait for their jobs."""
        _tell_systemd("STOPPING=1")
        self._kill_at = time.monotonic() + self._shutdown_timeout + EXTRA_TIME
        for child in self._children:
            if child.process is None:
                child.is_done = True
            else:
                child.process.send_signal(signal.SIGTERM)

    # One turn ---------------------------------------------------------------------------

    def _turn(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.process is None and not child.is_done and now >= child.start_at:
                self._start(child)
        self._listen()
        self._end_silent()
        self._show_liveness()
        _reap_strangers([child.process.pid for child in self._children if child.process])

    def _start(self, child: Child) -> None:
        read, write = os.pipe()
        environment = {**os.environ, CHILD: f"{write}:{os.getpid()}:{child.index}"}
        child.process = subprocess.Popen(
            [sys.executable, *sys.orig_argv[1:]],
            env=environment,
            pass_fds=[write],
            # Ctrl-C reaches a whole process group; the children hear of it from us, once.
            start_new_session=True,
        )
        os.close(write)
        child.signs, child.has_given_sign = read, False
        child.born = child.last_sign = time.monotonic()

    def _listen(self) -> None:
        by_pipe = {child.signs: child for child in self._children if child.process is not None}
        ready, _, _ = select.select(list(by_pipe), [], [], self._pause())
        for pipe in ready:
            if os.read(pipe, 4096):
                by_pipe[pipe].last_sign = time.monotonic()
                by_pipe[pipe].has_given_sign = True
            else:
                self._bury(by_pipe[pipe])

    def _pause(self) -> float:
        starts = [child.start_at for child in self._children if child.process is None]
        return max(0.0, min([TURN, *(at - time.monotonic() for at in starts)]))

    def _bury(self, child: Child) -> None:
        """A child has ended: decide whether another one takes its place."""
        assert child.process is not None
        code = child.process.wait()
        os.close(child.signs)
        child.process = None
        if self._kill_at is not None or (code == 0 and not self._restarts):
            child.is_done = True
            # Told to stop before it could take notice is no failure either.
            self._failed |= code not in (0, EXIT_AGAIN) and child.has_given_sign
            return
        if time.monotonic() - child.born > _SETTLED or code == EXIT_AGAIN:
            child.backoff.reset()
        delay = 0.0 if code == EXIT_AGAIN else child.backoff.next()
        child.start_at = time.monotonic() + delay
        events.tell(events.ChildEnded(child.index, code, delay))

    def _end_silent(self) -> None:
        """Kill what does not even come to give a sign: stopped, or stuck in code without Python."""
        now = time.monotonic()
        # We may have been stopped ourselves, perhaps with the whole machine: no silence of theirs.
        away = max(0.0, now - self._last_turn - TURN)
        self._last_turn = now
        living = [child for child in self._children if child.process is not None]
        for child in living:
            child.last_sign += away
        if self._kill_at is not None and now > self._kill_at:
            events.tell(events.ChildrenKilled())
            self._failed = True
            self._kill(living)
            return
        # The start itself gives no sign: imports take as long as they take.
        self._kill(
            [c for c in living if c.has_given_sign and now - c.last_sign > self._silence],
            for_silence=True,
        )

    def _kill(self, children: Sequence[Child], *, for_silence: bool = False) -> None:
        for child in children:
            if child.process is not None and child.process.poll() is None:
                if for_silence:
                    events.tell(events.ChildSilent(child.index, child.process.pid))
                child.process.kill()

    # Telling others ------------------------------------------------------------------------

    def _show_liveness(self) -> None:
        """Touch the liveness file, and tell systemd, while every child gives signs of life."""
        now = time.monotonic()
        living = [child for child in self._children if not child.is_done]
        if not all(c.has_given_sign and now - c.last_sign < 10 * TURN for c in living):
            return
        _tell_systemd("WATCHDOG=1" if self._told_ready else "READY=1")
        self._told_ready = True
        if self._liveness_file is not None:
            self._liveness_file.touch()


def _tell_systemd(message: str) -> None:
    """Send ``message`` to systemd's notification socket, if it gave us one (see sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        if address.startswith("@"):  # an abstract socket; elsewhere the sign is part of the path
            address = "\0" + address[1:]
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(message.encode(), address)


def _reap_strangers(ours: Sequence[int]) -> None:
    """As process 1 of a container, bury the orphans that end up with us, and only those."""
    if os.getpid() != 1:
        return
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if found.si_pid in ours:
                return
            os.waitpid(found.si_pid, 0)
