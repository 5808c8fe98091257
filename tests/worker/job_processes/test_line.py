"""The messages of a job process arrive whole, even if signals come in the middle."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pgjobs.worker.job_processes.frames import Frames
from pgjobs.worker.job_processes.line import Line

MESSAGES, LENGTH = 40, 500_000


class _Interrupted(Exception):
    pass


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends with small buffers, so that a message is written in many pieces."""
    ours, theirs = socket.socketpair()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize("raises", [True, False])
def test_a_handler_of_the_job_may_send_and_raise_at_any_moment(
    sockets: tuple[socket.socket, socket.socket], raises: bool
) -> None:
    ours, theirs = sockets
    line = Line(theirs.fileno(), after_writing=lambda: None)
    ticks, is_ticking = 0, False

    def tick(*_: object) -> None:
        nonlocal ticks, is_ticking
        if is_ticking:  # a slow machine needs longer than a tick for one tick
            return
        ticks, is_ticking = ticks + 1, True
        line.send({"tick": ticks})
        is_ticking = False
        if raises:
            signal.setitimer(signal.ITIMER_REAL, 0)  # no second one, in the middle of the handling
            raise _Interrupted

    received: list[Any] = []
    reader = threading.Thread(target=_read, args=(ours, received), daemon=True)
    before = signal.signal(signal.SIGALRM, tick)
    reader.start()
    try:
        for number in range(MESSAGES):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.001)
                line.send({"number": number, "text": "x" * LENGTH})
                signal.setitimer(signal.ITIMER_REAL, 0)
            except _Interrupted:
                continue
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    line.send({"end": True})
    reader.join(20)
    line._socket.detach()  # the fixture closes it
    assert ticks
    assert received[-1] == {"end": True}
    numbers = [message["number"] for message in received if "number" in message]
    assert numbers == sorted(set(numbers))
    assert raises or len(numbers) == MESSAGES
    assert all(len(message["text"]) == LENGTH for message in received if "number" in message)


def _read(source: socket.socket, received: list[Any]) -> None:
    frames = Frames()
    while {"end": True} not in received[-1:]:
        frames.feed(source.recv(1 << 16))
        while (message := frames.next()) is not None:
            received.append(message)
