"""The zygote: it has loaded the project, and forks the worker processes of ``--preload``.

It has one thread and no connection, so a forked worker shares the memory of the loaded code, and
copies no lock, socket or session that another process uses. The zygote's child ends at once, so the
supervisor becomes the parent of its grandchild: it watches, signals and reaps a forked worker like
one that it has started itself.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Final, NoReturn

from pgjobs import events
from pgjobs.worker.kinship import die_with_parent, take_name
from pgjobs.worker.leftovers import close_connections
from pgjobs.worker.process.child import CHILD

READY: Final = b"R"
"""The first message of a zygote: the project is loaded."""
NUMBER: Final = struct.Struct("!i")
"""To the zygote, with a descriptor for the signs of life: the number of a child to fork.
From it: the process id, or the negative number of an error."""
_ADOPTED: Final = 0.001
"""Seconds between two looks whether the supervisor is the parent."""


def serve(commands: socket.socket, run_child: Callable[[], object]) -> NoReturn:
    """Fork a process that calls ``run_child`` at each of the ``commands``, until they end."""
    supervisor = os.getppid()
    close_connections()
    take_name("pgjobs-zygote")
    for number in (signal.SIGTERM, signal.SIGINT):  # the supervisor decides when to end
        signal.signal(number, lambda *_: None)
    _tell_of_threads()
    gc.collect()
    gc.freeze()  # or the collector of each forked process would copy all memory
    if not die_with_parent(supervisor):
        os._exit(1)
    commands.sendall(READY)
    while True:
        text, descriptors, _, _ = socket.recv_fds(commands, NUMBER.size, 1)
        if len(text) < NUMBER.size:
            os._exit(0)
        (index,) = NUMBER.unpack(text)
        (signs,) = descriptors
        try:
            answer = _fork(supervisor, index, signs, commands, run_child)
        except OSError as error:
            answer = -(error.errno or 1)
        os.close(signs)
        commands.sendall(NUMBER.pack(answer))


def _tell_of_threads() -> None:
    threads = [thread.name for thread in threading.enumerate()]
    if len(threads) > 1:
        events.tell(events.ThreadsNotForked(threads[1:]))


def _fork(
    supervisor: int,
    index: int,
    signs: int,
    commands: socket.socket,
    run_child: Callable[[], object],
) -> int:
    """Fork the child of the child that the supervisor adopts, and return its process id."""
    reader, writer = os.pipe()
    try:
        between = os.fork()
        if between == 0:
            _fork_again(supervisor, index, signs, writer, (reader, commands.fileno()), run_child)
        os.waitpid(between, 0)  # from now on the supervisor is the parent
        (answer,) = NUMBER.unpack(os.read(reader, NUMBER.size))
    finally:
        os.close(reader)
        os.close(writer)
    if answer < 0:
        raise OSError(-answer, os.strerror(-answer))
    return int(answer)


def _fork_again(
    supervisor: int,
    index: int,
    signs: int,
    writer: int,
    inherited: tuple[int, ...],
    run_child: Callable[[], object],
) -> NoReturn:
    between = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:
        pid = -(error.errno or 1)
    if pid != 0:
        os.write(writer, NUMBER.pack(pid))
        os._exit(0)
    try:
        while os.getppid() == between:
            time.sleep(_ADOPTED)
        for descriptor in (writer, *inherited):
            os.close(descriptor)
        os.setsid()
        take_name("pgjobs-worker")
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.environ[CHILD] = f"{signs}:{supervisor}:{index}"
        run_child()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(1)
