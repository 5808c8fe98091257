"""Processes forked from `warm_start`, used like those of `subprocess.Popen`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, Self

from tests.support.environment import ROOT


class WarmProcess:
    """A process that runs a command of Django, or some code, in an environment of its own."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *arguments: str,
        code: str | None = None,
        is_child: bool = False,
        output: int,
    ) -> None:
        """``is_child`` starts a worker's child, whose supervisor is the process that forks it;
        ``output`` is the descriptor that its standard output and error go to."""
        self.arguments = arguments
        self.returncode: int | None = None
        self._mother = _mother()
        self.pid = self._mother.start(
            {
                "environment": dict(environment),
                "arguments": arguments,
                "code": code,
                "is_child": is_child,
            },
            output,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._mother.code_of(self.pid, 0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self.returncode = self._mother.code_of(self.pid, 1e6 if timeout is None else timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.arguments, timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def forked_command(environment: Mapping[str, str], *command: str, output: int) -> WarmProcess:
    """Run a command of Django; if it is a worker's supervisor, it forks its children too."""
    code = "from tests.support.forked_children import main; main()"
    return WarmProcess(environment, *command, code=code, output=output)


class _Mother:
    """This process's side of its own `warm_start`."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.warm_start", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=ROOT,
        )
        theirs.close()
        self._buffer = b""
        self._codes: dict[int, int] = {}
        self._started: list[int] = []
        self._lock = threading.Lock()

    def start(self, request: dict[str, Any], output: int) -> int:
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(request).encode() + b"\n"], [output])
            while not self._started:
                self._read(60)
            return self._started.pop()

    def code_of(self, pid: int, timeout: float) -> int | None:
        """Return the exit code of ``pid``, or None if it still runs after ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            with self._lock:
                self._read(0)
                if pid in self._codes:
                    return self._codes[pid]
                if (rest := deadline - time.monotonic()) > 0:
                    self._read(min(rest, 0.05))
                else:
                    return None

    def _read(self, timeout: float) -> None:
        self._socket.settimeout(timeout)
        try:
            received = self._socket.recv(65536)
        except (TimeoutError, BlockingIOError):
            return
        finally:
            self._socket.settimeout(None)
        if not received:
            raise RuntimeError("the process that forks the tests' processes has ended")
        *lines, self._buffer = (self._buffer + received).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "started" in message:
                # A long run uses process ids again: the code is that of an earlier process.
                self._codes.pop(message["started"], None)
                self._started.append(message["started"])
            else:
                self._codes[message["ended"]] = message["code"]


_mothers: dict[int, _Mother] = {}


def _mother() -> _Mother:
    """Return the one of this process, started when first needed."""
    pid = os.getpid()
    if pid not in _mothers:
        _mothers[pid] = _Mother()
    return _mothers[pid]
