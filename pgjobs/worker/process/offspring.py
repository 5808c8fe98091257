"""One worker process and its successors, as the supervisor sees them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pgjobs.worker.backoff import Backoff
from pgjobs.worker.process.child import CHILD, FOR_GOOD, GOODBYE, LAST_WORDS, NEW_CODE, WELL
from pgjobs.worker.process.command_line import start_again
from pgjobs.worker.process.early_output import EarlyOutput


class Process(Protocol):
    """A process, as its parent sees it: the part of ``subprocess.Popen`` that is used."""

    pid: int

    def poll(self) -> int | None: ...
    def send_signal(self, number: int, /) -> None: ...
    def kill(self) -> None: ...


Fork = Callable[[int, int], Process]
"""Forks the child of a number, which writes its signs of life to a descriptor. Raises OSError."""


@dataclass(eq=False)
class Child:
    """One worker process and its successors.

    The exit of the process tells its death. The pipe for the signs of life does not: a job may
    close the pipe, and a process that a job has forked keeps it open.
    """

    index: int
    backoff: Backoff = field(default_factory=Backoff)
    process: Process | None = None
    signs: int = -1
    """The pipe for signs of life, one each second; -1 while there is none."""
    last_sign: float = 0.0
    is_well: bool = False
    """The last sign of life said that no part of the worker is stuck."""
    born: float = 0.0
    start_at: float = 0.0
    has_given_sign: bool = False
    is_done: bool = False
    is_renewed: bool = False
    """The process was told to end because a new one shall take its place."""
    has_said_goodbye: bool = False
    """The last process ended because its worker did, whatever its exit code says."""
    has_left_for_good: bool = False
    """The last process was ordered to end, and no other one shall take its place."""
    asks_for_new_code: bool = False
    """The process was ordered to restart, so the next one needs the code as it is on disk."""
    last_words: str = ""
    """Why the last process says it has ended; empty if it said nothing."""
    _failed_early: bool = False
    """The last process ended badly before its first sign of life."""
    _early: EarlyOutput | None = None

    def start(self, fork: Fork | None = None) -> None:
        """Start a process: a new interpreter, or one that ``fork`` forks. Raises OSError."""
        # Before the pipe, which an exception would leave open.
        self._early = EarlyOutput.if_possible() if self._failed_early and not fork else None
        read, write = os.pipe()
        try:
            self.process = fork(self.index, write) if fork else self._new_interpreter(write)
        except OSError:
            os.close(read)
            raise
        finally:
            os.close(write)
        os.set_blocking(read, False)
        self.signs, self.last_words = read, ""
        self.has_given_sign = self.has_said_goodbye = self.is_renewed = False
        self.has_left_for_good = False
        self.born = self.last_sign = time.monotonic()

    def _new_interpreter(self, signs: int) -> subprocess.Popen[bytes]:
        """Start a new interpreter with the command line of this one."""
        environment = {**os.environ, CHILD: f"{signs}:{os.getpid()}:{self.index}"}
        kept = self._early.arrange(environment) if self._early else []
        try:
            return start_again(
                environment,
                [signs, *kept],
                stderr=self._early.file if self._early and kept else None,
                # Ctrl-C signals a whole process group. In sessions of their own, the children get
                # only the supervisor's signal, once.
                start_new_session=True,
            )
        finally:
            for descriptor in kept:
                os.close(descriptor)

    def hear(self) -> None:
        """Read the signs of life, and the last words, that have come."""
        try:
            said = os.read(self.signs, 8192)
        except BlockingIOError:
            return
        if not said:
            self._close_signs()
            return
        signs, _, words = said.partition(LAST_WORDS)
        self.has_said_goodbye |= GOODBYE in signs
        self.asks_for_new_code |= NEW_CODE in signs
        self.has_left_for_good |= FOR_GOOD in signs
        self.last_words += words.decode(errors="replace")
        self.last_sign = time.monotonic()
        self.has_given_sign = True
        self.is_well = signs.endswith(WELL)

    def bury(self) -> int | None:
        """Return the exit code if the process has ended since the last call, or None."""
        if self.process is None or (code := self.process.poll()) is None:
            return None
        self.process = None
        if self.signs >= 0:
            self.hear()
            self._close_signs()
        self._failed_early = code != 0 and not self.has_given_sign
        if self._early:
            if self._failed_early:
                self.last_words = self._early.show()
            self._early.file.close()
        return code

    def _close_signs(self) -> None:
        if self.signs >= 0:
            os.close(self.signs)
            self.signs = -1
