"""A process in reserve that becomes the fork server of a test's worker.

A new interpreter takes more than a second of processor time. The worker has many threads when it
starts its fork server, so it can't fork then; this process is forked before they start.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import django
from django.core.management import execute_from_command_line

from pgjobs.worker.process import command_line

_LONGEST: int = 1 << 20
_start_again = command_line.start_again


def keep_one() -> None:
    """Fork the spare process; the first fork server of this worker will be this process."""
    django.setup()
    vars(command_line)["start_again"] = _Spare().start


class _Spare:
    """Takes the place of `start_again()` once, and of the process that it returns."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._is_used = False
        self.returncode: int | None = None
        self.pid = os.fork()
        if not self.pid:
            self._socket.close()
            _wait_for_work(theirs)
        theirs.close()

    def start(self, env: Mapping[str, str], pass_fds: Sequence[int], **options: Any) -> Any:
        if self._is_used:
            return _start_again(env, pass_fds, **options)
        self._is_used = True
        with self._socket as told:
            socket.send_fds(told, [json.dumps(dict(env)).encode()], list(pass_fds))
        return self

    def wait(self, timeout: float | None = None) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            pid, status = os.waitpid(self.pid, 0 if deadline is None else os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
            elif deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("the spare process", timeout or 0)
            else:
                time.sleep(0.01)
        return self.returncode

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def _wait_for_work(told: socket.socket) -> NoReturn:
    """Become the fork server once its worker wants one; end with the worker."""
    from pgjobs.worker.job_processes.forking import FORK_SERVER

    text, descriptors, _, _ = socket.recv_fds(told, _LONGEST, 1)
    told.close()
    if not text:
        os._exit(0)
    os.environ.clear()
    os.environ.update(json.loads(text))
    os.environ[FORK_SERVER] = str(descriptors[0])
    try:
        execute_from_command_line(sys.argv)
    finally:
        os._exit(1)
