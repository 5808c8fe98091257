"""Jobs that need a process of their own."""

from __future__ import annotations

import contextvars
import faulthandler
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection

from pgjobs import BackgroundJob, current_job, job
from pgjobs.exceptions import JobFailed, Retry, Snooze
from tests.apps.testapp.jobs import leave_trace

WORD: contextvars.ContextVar[str] = contextvars.ContextVar("WORD", default="")


class Shows(BackgroundJob):
    """Returns where it runs."""

    def run(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "is_main_thread": threading.current_thread() is threading.main_thread(),
            "threads": threading.active_count(),
            "word": WORD.get(),
            "session": _session(),
        }


class ShowsInThread(Shows):
    class Meta:
        isolation = "thread"


class ShowsInProcess(Shows):
    class Meta:
        isolation = "process"


class ShowsInFreshProcess(Shows):
    class Meta:
        isolation = "fresh_process"


def _session() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


class SetsAWord(BackgroundJob):
    """Sets a context variable."""

    def run(self) -> None:
        WORD.set("set by another job")


class TakesItsProcess(BackgroundJob):
    """Changes its whole process: signals, the directory, handlers."""

    def run(self, directory: str) -> list[str]:
        signal.signal(signal.SIGALRM, self.interrupt)
        faulthandler.enable()
        os.chdir(directory)
        logging.getLogger("elsewhere").addHandler(logging.NullHandler())
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        try:
            time.sleep(10)
        except InterruptedError:
            return [os.getcwd()]
        return []

    def interrupt(self, *_: object) -> None:
        raise InterruptedError


class ReplacesTheClock(BackgroundJob):
    """Puts a clock that stands at ``moment`` in the place of Python's."""

    def run(self, moment: str) -> None:
        stands = float(moment)
        time.monotonic = lambda: stands


class Speaks(BackgroundJob):
    """Tells its log, its progress and its data."""

    def run(self, how: str = "") -> str | None:
        self.logger.info("an info line")
        sys.stdout.write("on standard output\n")
        sys.stderr.write("on standard error\n")
        self.progress(3, 7, "three of seven")
        self.job.data = {"seen": 3}
        match how:
            case "waits":
                time.sleep(600)
            case "fails":
                raise JobFailed("no good")
            case "raises":
                raise ValueError("boom")
            case "retries":
                raise Retry(after=3600)
            case "snoozes":
                raise Snooze(until=_tomorrow())
            case "terminates":
                self.job.terminate("failed", "by itself")
        return "said"


def _tomorrow() -> Any:
    from datetime import timedelta

    return timedelta(days=1)


class SpeaksFromThreads(BackgroundJob):
    """Writes many lines from many threads at once."""

    def run(self, lines: int) -> None:
        threads = [threading.Thread(target=self.speak, args=(number, lines)) for number in range(4)]
        for thread in threads:
            thread.start()
        self.speak(4, lines)
        for thread in threads:
            thread.join()

    def speak(self, number: int, lines: int) -> None:
        for line in range(lines):
            self.logger.info("%s.%s %s", number, line, "x" * 500)


class KeepsWhatItHears(BackgroundJob):
    """Keeps the lines of a logger in its data, as a public plugin does, by a handler of its own."""

    def run(self, label: str) -> None:
        heard: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
        shared = logging.getLogger("a.library")
        shared.addHandler(handler)
        shared.setLevel(logging.INFO)
        try:
            for number in range(20):
                shared.info("%s %s", label, number)
                time.sleep(0.005)
        finally:
            shared.removeHandler(handler)
        self.job.data = heard


class Computes(BackgroundJob):
    """Uses a core for some seconds."""

    def run(self, seconds: float) -> None:
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass


class Allocates(BackgroundJob):
    """Allocates memory and keeps it until the worker notices."""

    class Meta:
        isolation = "process"
        memory_limit = 200

    def run(self) -> None:
        memory = bytearray(300 * 2**20)
        for page in range(0, len(memory), 4096):
            memory[page] = 1
        leave_trace("allocated")
        time.sleep(600)


class StartsPrograms(BackgroundJob):
    """Starts two programs and leaves them, one as a daemon in a session of its own."""

    def run(self, then: str = "") -> None:
        shell = "setsid sh -c 'echo $$ >&3; exec sleep 600' & echo $$ >&3; exec sleep 600"
        reader, writer = os.pipe()
        os.dup2(writer, 3) if writer != 3 else None
        subprocess.Popen(["sh", "-c", shell], pass_fds=[3])
        pids: list[int] = []
        text = b""
        while len(pids) < 2:
            text += os.read(reader, 100)
            pids = [int(word) for word in text.split(b"\n")[:-1]]
        for pid in pids:
            leave_trace("program", pid)
        if then == "waits":
            time.sleep(600)
        if then == "dies":
            os.kill(os.getpid(), signal.SIGKILL)


class CleansUp(BackgroundJob):
    """Needs a moment to clean up after it was told to stop."""

    def run(self) -> None:
        try:
            leave_trace("begun", self.job.pk)
            time.sleep(600)
        finally:
            time.sleep(0.3)
            leave_trace("cleaned", self.job.pk)


class SleepsInCoroutine(BackgroundJob):
    async def run(self) -> None:
        import asyncio

        await sync_to_async(leave_trace)("begun", self.job.pk)
        await asyncio.sleep(600)


class CoroutineShows(BackgroundJob):
    async def run(self) -> dict[str, Any]:
        return {"pid": os.getpid(), "session": await sync_to_async(_session)()}


class PrintsLastWords(BackgroundJob):
    def run(self) -> None:
        for number in range(100):
            sys.stderr.write(f"word {number}\n")
        os._exit(3)


class StartsTooLarge(BackgroundJob):
    class Meta:
        isolation = "process"
        memory_limit = 5

    def run(self) -> None: ...


class SpoilsSignals(BackgroundJob):
    """Ignores and blocks signals, and leaves an alarm behind."""

    def run(self) -> None:
        for number in (signal.SIGUSR2, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGUSR2,))
        signal.setitimer(signal.ITIMER_REAL, 1)


class SpoilsItsWorker(BackgroundJob):
    """Runs in a thread, and changes a default of its whole process."""

    class Meta:
        isolation = "thread"

    def run(self, how: str) -> None:
        getattr(self, how)()

    def opens_many_files(self) -> None:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, most), most))
        for _ in range(1100):
            os.open(os.devnull, os.O_RDONLY)

    def sets_a_default_timeout(self) -> None:
        socket.setdefaulttimeout(0.3)

    def changes_its_surroundings(self) -> None:
        os.chdir("/tmp")
        os.umask(0o077)
        os.environ["CHANGED"] = "by a job"

    def forks(self) -> None:
        if not (pid := os.fork()):
            time.sleep(40)
            os._exit(0)
        leave_trace("forked", pid)


class ShowsSurroundings(BackgroundJob):
    """Returns what its process has been handed down."""

    def run(self) -> list[Any]:
        umask = os.umask(0)
        os.umask(umask)
        return [os.getcwd(), umask, os.environ.get("CHANGED")]


class CleansUpInTheDatabase(BackgroundJob):
    """Waits for PostgreSQL, and writes after it was told to stop."""

    def run(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(600)")
        finally:
            leave_trace("cleaned")


class EndsAGroup(BackgroundJob):
    """Forks a process that leads a group of its own, ends it by SIGTERM, and returns its code."""

    def run(self) -> int:
        reader, writer = os.pipe()
        if not (child := os.fork()):
            os.setpgid(0, 0)
            os.write(writer, b".")
            time.sleep(5)
            os._exit(0)
        os.read(reader, 1)
        os.kill(child, signal.SIGTERM)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class DiesWithBinaryWords(BackgroundJob):
    def run(self) -> None:
        os.write(2, bytes(range(256)) * 4000)
        os._exit(3)


class LogsInAHandler(BackgroundJob):
    """Logs, and logs in the handler of a signal that comes at any moment."""

    def run(self) -> int:
        signal.signal(signal.SIGALRM, self.tick)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        until = time.monotonic() + 2
        while time.monotonic() < until:
            self.logger.info("in run()")
        signal.setitimer(signal.ITIMER_REAL, 0)
        return 1

    def tick(self, *_: object) -> None:
        self.logger.info("in the handler")


class SeesAProgram(BackgroundJob):
    def run(self) -> bool:
        try:
            os.kill(int(os.environ["PROGRAM"]), 0)
        except ProcessLookupError:
            return False
        return True


class WaitsInProcess(BackgroundJob):
    class Meta:
        isolation = "process"

    def run(self) -> None:
        leave_trace("begun", self.job.pk)
        time.sleep(600)


@job(isolation="process")
def process_of_a_function() -> int:
    return os.getpid()


@job(isolation="process")
def reports_from_its_process() -> None:
    current = current_job()
    assert current is not None
    current.logger.info("in a process")
    current.progress(1, message="half")
