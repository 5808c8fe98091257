"""The zygote: it has loaded the project, and forks the worker processes of ``--preload``.

It has one thread and no connection, so a forked worker shares the memory of the loaded code, and
copies no lock, socket or session that another process uses. The zygote's child ends at once, so the
supervisor becomes the parent of its grandchild: it watches, signals and reaps a forked worker like
one that it has started itself.
"""

from __future__ import annotations

import errno
import gc
import os
import signal
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NoReturn

from pgjobs import events
from pgjobs.worker.kinship import die_with_parent, take_name
from pgjobs.worker.leftovers import close_connections
from pgjobs.worker.process.child import CHILD
from pgjobs.worker.streams import flush_streams

READY: Final = b"R"
"""The first message of a zygote: the project is loaded."""
NUMBER: Final = struct.Struct("!i")
"""To the zygote, with a descriptor for the signs of life: the number of a child to fork.
From it: the process id, or the negative number of an error."""
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_ADOPTED: Final = 0.001
"""Seconds between two looks whether the supervisor is the parent."""


def serve(commands: socket.socket, run_child: Callable[[], object]) -> NoReturn:
    """Fork a process that calls ``run_child`` at each of the ``commands``, until they end."""
    supervisor = os.getppid()
    close_connections()
    take_name("pgjobs-zygote")
    for number in _STOP_SIGNALS:  # the supervisor decides when to end
        signal.signal(number, lambda *_: None)
    # A signal to a process that has just been forked waits: that handler would swallow it.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    _tell_of_threads()
    flush_streams()  # or each forked process would write the same text
    gc.collect()
    gc.freeze()  # or the collector of each forked process would copy all memory
    try:
        if die_with_parent(supervisor):
            _Zygote(commands, run_child, supervisor).run()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    # Not by sys.exit(): Python would wait for threads that the project has started.
    os._exit(0)


def _tell_of_threads() -> None:
    threads = [thread.name for thread in threading.enumerate()]
    if len(threads) > 1:
        events.tell(events.ThreadsNotForked(threads[1:]))


class _Zygote:
    def __init__(
        self, commands: socket.socket, run_child: Callable[[], object], supervisor: int
    ) -> None:
        self._commands = commands
        self._run_child = run_child
        self._supervisor = supervisor
        # The project may ignore it, and then nobody could wait for a child.
        handler = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._at_death_of_child = handler or signal.SIG_DFL  # None: not set from Python

    def run(self) -> None:
        with suppress(ConnectionError):  # the supervisor has ended
            self._commands.sendall(READY)
            while self._obey():
                pass

    def _obey(self) -> bool:
        """Obey the next command; return False if there will be no more."""
        text, descriptors, _, _ = socket.recv_fds(self._commands, NUMBER.size, 1)
        if len(text) < NUMBER.size:
            return False
        try:
            answer = self._fork(*NUMBER.unpack(text), *descriptors)
        except OSError as error:
            answer = -(error.errno or errno.EIO)
        for descriptor in descriptors:
            os.close(descriptor)
        self._commands.sendall(NUMBER.pack(answer))
        return True

    def _fork(self, index: int, signs: int | None = None) -> int:
        """Fork the child of the child that the supervisor adopts.

        Return its process id, or the negative number of an error. ``signs`` is None if it is lost,
        because this process may open no more files. Raises OSError.
        """
        if signs is None:
            return -errno.EMFILE
        reader, writer = os.pipe()
        with open(reader, "rb", buffering=0) as answers:
            try:
                between = os.fork()
                if between == 0:
                    self._fork_again(index, signs, reader, writer)
            finally:
                os.close(writer)
            os.waitpid(between, 0)  # from now on the supervisor is the parent
            answer = answers.read(NUMBER.size)
        # Without an answer, the child was killed before it had one.
        return int(NUMBER.unpack(answer)[0]) if answer else -errno.ESRCH

    def _fork_again(self, index: int, signs: int, reader: int, writer: int) -> NoReturn:
        """Fork the worker process, and end this process between it and the zygote."""
        between = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            pid = -(error.errno or errno.EAGAIN)
        if pid != 0:
            os.write(writer, NUMBER.pack(pid))
            os._exit(0)
        try:
            while os.getppid() == between:
                time.sleep(_ADOPTED)
            for descriptor in (reader, writer, self._commands.detach()):
                os.close(descriptor)
            self._be_a_worker(index, signs)
        except BaseException:
            traceback.print_exc()
            flush_streams()
        finally:
            os._exit(1)

    def _be_a_worker(self, index: int, signs: int) -> None:
        os.setsid()
        take_name("pgjobs-worker")
        signal.signal(signal.SIGCHLD, self._at_death_of_child)
        for number in _STOP_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
        os.environ[CHILD] = f"{signs}:{self._supervisor}:{index}"
        self._run_child()
