"""``manage.py pgjobs top`` as a process on a terminal, and where there is no terminal."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

pytest.importorskip("textual", reason="needs the extra 'tui'")

from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.rows import a_job

pytestmark = pytest.mark.django_db(transaction=True)

RESTORED = (b"\x1b[?1049l", b"\x1b[?25h")
"""The first screen of the terminal is back, and so is its cursor."""
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m")
OWN_COLOUR = re.compile(rb"[34]8;[25];")
"""A colour that does not come from the palette of the terminal."""


class Terminal:
    """A terminal of 80 columns and 24 lines with ``manage.py pgjobs top`` on it."""

    def __init__(self, environment: Environment) -> None:
        self.written = bytearray()
        self._user, self._side = os.openpty()
        fcntl.ioctl(self._side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._before = termios.tcgetattr(self._side)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "django", "pgjobs", "top", "--interval", "0.2"],
            env={**environment, "TERM": "xterm-256color"},
            stdin=self._side,
            stdout=self._side,
            stderr=self._side,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until_shown(self, text: str) -> None:
        eventually(lambda: text.encode() in self.written, timeout=60)

    def type(self, keys: bytes) -> None:
        os.write(self._user, keys)

    def end(self) -> int:
        """Wait for the end of the process, which must restore the terminal."""
        code = self.process.wait(timeout=30)
        assert termios.tcgetattr(self._side) == self._before
        os.close(self._side)
        self._reader.join(10)
        os.close(self._user)
        last = self.written[-500:]
        assert all(sequence in last for sequence in RESTORED), bytes(last)
        return code

    def _read(self) -> None:
        with suppress(OSError):  # all ends of the other side are closed
            while block := os.read(self._user, 65536):
                self.written += block


def test_the_screen_ends_by_key_and_by_signal_with_0_and_restores_the_terminal(
    child_environment: Environment,
) -> None:
    a_job("errored", queue_name="low", error="boom")
    a_job(queue_name="low")
    without = {**child_environment, "NO_COLOR": "1"}
    by_key, by_interrupt, by_signal = terminals = [
        Terminal(environment) for environment in (without, child_environment, child_environment)
    ]
    try:
        for each in terminals:
            each.until_shown("1 waiting")
            each.type(b"4")
            each.until_shown("boom")
        by_key.type(b"q")
        by_interrupt.type(b"\x03")
        by_signal.process.send_signal(signal.SIGTERM)
        assert [each.end() for each in terminals] == [0, 0, 0]
    finally:
        for each in terminals:
            each.process.kill()
            each.process.wait()
    assert not COLOUR.search(by_key.written)
    assert COLOUR.search(by_signal.written)
    assert not OWN_COLOUR.search(by_signal.written)


def test_top_without_a_terminal_exits_with_2_and_says_so(pgjobs: Callable[..., Any]) -> None:
    ran = pgjobs("top")

    assert (ran.code, ran.out) == (2, "")
    assert ran.errors.startswith("top needs a terminal")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--interval", "0"], "--interval must be a number of seconds from 0.2 to 3600, not 0.0."),
        (["--interval", "nan"], "--interval must be a number of seconds from 0.2 to 3600"),
        (["--json"], "has no --json"),
    ],
)
def test_a_wrong_option_is_refused(
    pgjobs: Callable[..., Any], words: list[str], message: str
) -> None:
    ran = pgjobs("top", *words)

    assert ran.code == 2
    assert message in ran.errors
