"""Jobs that misbehave."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import resource
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import Any, ClassVar

from asgiref.sync import sync_to_async
from django.db import connection, transaction

from pgjobs import BackgroundJob
from pgjobs.models import Job
from tests.apps.testapp.jobs import Held, leave_trace

# Jobs that do not end when told to ------------------------------------------------------------


class SleepsInC(BackgroundJob):
    """Sleeps in C and never returns to Python, where an exception could reach it."""

    def run(self) -> None:
        leave_trace("deaf", self.job.pk)
        time.sleep(600)


class SleepsAsCoroutine(BackgroundJob):
    """Sleeps on an event loop."""

    async def run(self) -> None:
        await sync_to_async(leave_trace)("deaf", self.job.pk)
        await asyncio.sleep(600)


class SwallowsEverything(BackgroundJob):
    def run(self) -> None:
        leave_trace("deaf", self.job.pk)
        while True:
            with suppress(BaseException):
                time.sleep(0.01)


class BlocksTheLoop(BackgroundJob):
    async def run(self, seconds: float = 600) -> None:
        await sync_to_async(leave_trace)("deaf", self.job.pk)
        time.sleep(seconds)


class SwallowsCancellation(BackgroundJob):
    async def run(self) -> None:
        await sync_to_async(leave_trace)("deaf", self.job.pk)
        while True:
            with suppress(BaseException):
                await asyncio.sleep(0.01)


class WaitsForPostgres(BackgroundJob):
    def run(self) -> None:
        leave_trace("waits", self.job.pk)
        connection.cursor().execute("SELECT pg_sleep(600)")


class Dozes(BackgroundJob):
    """Sleeps for a moment. Tests enqueue it many times."""

    async def run(self) -> None:
        await asyncio.sleep(0.05)


# Jobs that kill their process -----------------------------------------------------------------


class Exits(BackgroundJob):
    def run(self, code: int = 3) -> None:
        os._exit(code)


class ExitsOnceReleased(Held):
    def run(self, code: int) -> None:  # type: ignore[override]
        super().run()
        os._exit(code)


class Segfaults(BackgroundJob):
    def run(self) -> None:
        ctypes.string_at(0)


class ExitsAsCoroutine(BackgroundJob):
    """Exits, in a task of its own and in its coroutine: both exceptions pass through the event
    loop."""

    async def run(self) -> None:
        with suppress(SystemExit):
            await asyncio.create_task(self.leave())
        await self.leave()

    async def leave(self) -> None:
        sys.exit(3)


class Forks(BackgroundJob):
    """Forks a process that leaves ``run()`` too, and returns its exit code."""

    def run(self, how: str) -> int | None:
        return self.fork(how)

    def fork(self, how: str) -> int | None:
        if pid := os.fork():
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if how == "exits":
            sys.exit(7)
        if how == "raises":
            raise ValueError("in a forked process")
        return None


class ForksAsCoroutine(Forks):
    async def run(self, how: str) -> int | None:  # type: ignore[override]
        return self.fork(how)


class StopsTheLoop(BackgroundJob):
    """Stops the event loop of all coroutines of its process."""

    async def run(self) -> None:
        asyncio.get_running_loop().stop()


class Closes(BackgroundJob):
    """Closes what belongs to its process: its standard streams, or each of its files."""

    def run(self, everything: bool = False) -> None:
        leave_trace("closes", self.job.pk)
        if everything:
            os.closerange(3, 1000)
        else:
            sys.stdout.close()
            sys.stderr.close()


class KeepsFilesOpen(BackgroundJob):
    """Opens as many files as its process may, and closes ``spare`` of them."""

    def run(self, spare: int = 0) -> None:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, limits[1]))
        opened = []
        with suppress(OSError):
            while True:
                opened.append(os.open(os.devnull, os.O_RDONLY))
        for descriptor in opened[:spare]:
            os.close(descriptor)


class LeavesItsSession(BackgroundJob):
    """Leaves a setting in the session of its slot."""

    def run(self, setting: str) -> None:
        connection.cursor().execute(f"SET {setting}")


class TakesTheNumbers(BackgroundJob):
    """Puts the file at ``path`` in the place of each file that its process has open."""

    def run(self, path: str) -> None:
        if self.job.epoch > 1:
            return
        taken = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        for number in map(int, os.listdir("/proc/self/fd")):
            if number > 2:
                os.dup2(taken, number)  # at once: a closed pipe would end the process before
        time.sleep(600)


class LeavesAChild(BackgroundJob):
    """Forks a process that lives on after its own worker is killed."""

    def run(self) -> None:
        if not (pid := os.fork()):
            time.sleep(600)
            os._exit(0)
        leave_trace("forked", pid)
        if self.job.epoch == 1:
            os.kill(os.getpid(), signal.SIGKILL)


class IsNotRepeated(BackgroundJob):
    """Kills its worker, and must not be repeated."""

    class Meta:
        on_interrupt = "error"

    def run(self) -> None:
        leave_trace("began", self.job.pk)
        os.kill(os.getpid(), signal.SIGKILL)


class DiesOnceInItsTransaction(BackgroundJob):
    class Meta:
        atomic = True

    def run(self) -> None:
        leave_trace("effect", self.job.pk)
        if self.job.epoch == 1:
            os.kill(os.getpid(), signal.SIGKILL)


class EatsAllMemory(BackgroundJob):
    """Exhausts a memory limit of its own instead of the machine's memory."""

    def run(self) -> None:
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_address_space() + 64 * 2**20, before[1]))
        try:
            bytearray(2**30)
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)


def _address_space() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


class Hoards(BackgroundJob):
    """Keeps memory for as long as its process lives."""

    hoard: ClassVar[list[bytes]] = []

    def run(self, mebibytes: int) -> None:
        self.hoard.append(b"x" * (mebibytes * 2**20))


# Jobs that misbehave ------------------------------------------------------------------------------


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("can't be shown")

    __repr__ = __str__


class Unjudgeable(Exception):
    @property
    def __class__(self) -> Any:
        raise KeyboardInterrupt

    @__class__.setter
    def __class__(self, _: Any) -> None: ...


class Misbehaves(BackgroundJob):
    """Misbehaves in the way that its argument names."""

    def run(self, how: str) -> Any:
        return getattr(self, how)()

    def raises_the_unspeakable(self) -> None:
        raise Unspeakable

    def raises_system_exit(self) -> None:
        sys.exit(3)

    def raises_keyboard_interrupt(self) -> None:
        raise KeyboardInterrupt

    def leaves_a_block_open(self) -> None:
        transaction.atomic().__enter__()
        leave_trace("never committed")

    def leaves_a_bare_transaction_open(self) -> None:
        connection.cursor().execute("BEGIN")
        leave_trace("never committed")

    def leaves_autocommit_off(self) -> None:
        transaction.set_autocommit(False)
        leave_trace("never committed")

    def closes_the_connection(self) -> None:
        connection.close()

    def closes_the_connection_under_django(self) -> None:
        connection.ensure_connection()
        connection.connection.close()
        leave_trace("never written")

    def ends_its_backend(self) -> None:
        connection.cursor().execute("SELECT pg_terminate_backend(pg_backend_pid())")

    def logs_binary(self) -> None:
        self.logger.info("%s", bytes(range(256)).decode("latin-1"))
        self.logger.info("%s \x00 %s", b"\x00\xff", "\udce9")

    def returns_50_megabytes(self) -> str:
        return "x" * 50_000_000

    def returns_what_has_no_end(self) -> Any:
        return _nested()

    def leaves_data_that_has_no_end(self) -> None:
        self.job.data = _nested()

    def sets_what_is_no_timeout(self) -> None:
        self.job.timeout = "soon"
        time.sleep(0.5)  # the watch looks at it meanwhile

    def sets_what_is_no_number_of_attempts(self) -> None:
        self.job.max_attempts = "five"
        raise ValueError("x")

    def raises_what_cannot_be_judged(self) -> None:
        raise Unjudgeable

    def leaves_an_error_that_cannot_be_shown(self) -> None:
        self.job.error = Unspeakable()  # type: ignore[assignment]

    def leaves_data_that_fights_back(self) -> None:
        self.job.data = _FightsBack(key="value")


class _FightsBack(dict[str, str]):
    def items(self) -> Any:
        raise Unspeakable


def _nested() -> list[Any]:
    whole: list[Any] = []
    for _ in range(100_000):
        whole = [whole]
    return whole


# Jobs that disturb the worker ----------------------------------------------------------------


class HangsTheLog(BackgroundJob):
    """Makes the project's logging hang, on its first run; then ends, or runs for too long."""

    def run(self, ends: bool) -> None:
        def wait(record: logging.LogRecord) -> bool:
            time.sleep(600)
            return True

        if self.job.epoch == 1:
            logging.getLogger("pgjobs.worker").addFilter(wait)
            time.sleep(0 if ends else 600)


class StopsTheClock(BackgroundJob):
    """Puts a clock that stands still in the place of Python's, on its first run."""

    def run(self) -> None:
        if self.job.epoch == 1:
            time.monotonic = lambda: 0.0


class Fatal(BaseException):
    """Passes through every ``except Exception``, such as that around listeners of events."""


class SpoilsTheLog(BackgroundJob):
    """Makes the project's logging raise at ``line`` of the worker's log, on its first run."""

    def run(self, line: str) -> None:
        if self.job.epoch > 1:
            return

        def refuse(record: logging.LogRecord) -> bool:
            if line in record.getMessage():
                raise Fatal
            return True

        logging.getLogger("pgjobs.worker").addFilter(refuse)


class SpoilsTheLogOnTheLoop(SpoilsTheLog):
    async def run(self, line: str) -> None:  # type: ignore[override]
        super().run(line)


class SpoilsTheLogOfTheRecorder(SpoilsTheLog):
    """Changes the epoch of its row too, so that the recorder logs that the row has moved on."""

    def run(self, line: str) -> None:
        super().run(line)
        Job.objects.filter(pk=self.job.pk, epoch=1).update(epoch=2)


class LosesAThread(BackgroundJob):
    """Starts a thread of its own, with a name like those of the engine, that ends by an error."""

    def run(self) -> None:
        def fail() -> None:
            raise Fatal

        thread = threading.Thread(target=fail, name="pgjobs-recorder")
        thread.start()
        thread.join()


class SpoilsLogging(BackgroundJob):
    """Leaves a function or a class behind in the module logging that makes nothing."""

    def run(self, how: str) -> None:
        getattr(self, how)()

    def factory_that_raises(self) -> None:
        logging.setLogRecordFactory(self._raise)

    def factory_without_a_record(self) -> None:
        logging.setLogRecordFactory(lambda *_, **__: None)  # type: ignore[arg-type]

    def class_that_raises(self) -> None:
        logging.setLoggerClass(type("Bad", (logging.Logger,), {"__init__": self._raise}))

    @staticmethod
    def _raise(*_: Any, **__: Any) -> Any:
        raise RuntimeError("spoiled")


class TakesTheHookOfThreads(BackgroundJob):
    def run(self) -> None:
        threading.excepthook = None  # type: ignore[assignment]


# Jobs that hit a limit of the server --------------------------------------------------------------


class KilledBy(BackgroundJob):
    """Runs into a limit that a role puts on its sessions."""

    def run(self, killer: str) -> None:
        getattr(self, killer)()
        connection.cursor().execute("SELECT 1")

    def idle_session_timeout(self) -> None:
        connection.cursor().execute("SELECT 1")
        time.sleep(1)

    def idle_in_transaction_session_timeout(self) -> None:
        transaction.atomic().__enter__()
        self.idle_session_timeout()

    def statement_timeout(self) -> None:
        connection.cursor().execute("SELECT pg_sleep(60)")

    def transaction_timeout(self) -> None:
        with transaction.atomic():
            for _ in range(1000):
                connection.cursor().execute("SELECT pg_sleep(0.01)")


class KilledInItsTransaction(KilledBy):
    """Runs into such a limit in the transaction that is to hold its end."""

    class Meta:
        atomic = True
