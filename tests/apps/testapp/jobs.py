"""Jobs that tests enqueue. Worker processes find them here."""

from __future__ import annotations

import asyncio
import enum
import os
import random
import signal
import sys
import time
import uuid
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from asgiref.sync import sync_to_async
from django.db import DatabaseError, InterfaceError, connection, connections, transaction

from pgjobs import BackgroundJob, JobFailed, register
from pgjobs.retry import constant
from tests.apps.testapp.models import Site, Trace


def leave_trace(label: str, job_id: int | None = None) -> None:
    Trace.objects.create(label=label, job_id=job_id, pid=os.getpid())


class Noop(BackgroundJob):
    """Returns its arguments."""

    def run(self, **kwargs: Any) -> Any:
        return kwargs or None


class Tracing(BackgroundJob):
    """Leaves a trace, so that runs can be counted. It may go on for some seconds."""

    def run(self, label: str = "ran", seconds: float = 0, chain: str = "") -> None:
        leave_trace(label, self.job.pk)
        if seconds:
            time.sleep(seconds)


class TracingArguments(BackgroundJob):
    """Leaves a trace that is labelled with its arguments."""

    def run(self, *labels: str, **kwargs: str) -> None:
        leave_trace(" ".join([*labels, *kwargs.values()]))


class Logging(BackgroundJob):
    def run(self, chain: str = "") -> None:
        self.logger.debug("a %s line", "debug")
        self.logger.info("an info line")
        self.logger.warning("a warning line")
        self.logger.error("an error line")


class Raising(BackgroundJob):
    def run(self, message: str = "boom") -> None:
        raise ValueError(message)


class AtOnceAgain(BackgroundJob):
    """Raises, and is due again at once."""

    class Meta:
        max_attempts = 100
        backoff = constant(timedelta(0))

    def run(self) -> None:
        raise ValueError("again")


class Charging(BackgroundJob):
    """Returns its arguments, some of which are hidden."""

    class Meta:
        sensitive = ("card", "holder_*")
        launchable = True

    def run(self, *rest: Any, **kwargs: Any) -> Any:
        return {"args": rest, **kwargs}


@register(sensitive=["pin"])
def unlock(job: Any, door: str, pin: str) -> None:
    """Do nothing, with a secret."""


class Failing(BackgroundJob):
    def run(self, why: str = "no good") -> None:
        raise JobFailed(why)


class Coroutine(BackgroundJob):
    async def run(self) -> str:
        await asyncio.sleep(0)
        return "awaited"


class Held(BackgroundJob):
    """Leaves a trace, then runs until a trace labelled `release` exists."""

    def run(self, label: str = "started") -> None:
        leave_trace(label, self.job.pk)
        while not Trace.objects.filter(label="release").exists():
            time.sleep(0.02)
        leave_trace("ended", self.job.pk)


class Endless(BackgroundJob):
    class Meta:
        timeout = 1

    def run(self) -> None:
        leave_trace("started", self.job.pk)
        while True:
            time.sleep(0.01)


class AboutObject(BackgroundJob):
    """Returns its object as text."""

    class Meta:
        name = "About an object"

    def run(self) -> str:
        return str(self.job.object)


class Enqueuing(BackgroundJob):
    """Enqueues itself until `depth` generations have run."""

    def run(self, depth: int) -> None:
        if depth > 1:
            type(self).enqueue(depth=depth - 1)


class WaitingForFile(BackgroundJob):
    """Runs until a file exists, without touching the database."""

    def run(self, path: str) -> str:
        while not Path(path).exists():
            time.sleep(0.02)
        return "seen"


class TakesTime(BackgroundJob):
    def run(self, seconds: float) -> None:
        time.sleep(seconds)


class WithoutRun(BackgroundJob):
    """Can't be enqueued."""


class Leaves(BackgroundJob):
    """Sets attributes of its job, and may fail then; a test says which."""

    attributes: dict[str, Any]
    error: Exception | None = None

    def run(self) -> None:
        for name, value in self.attributes.items():
            setattr(self.job, name, value)
        if self.error is not None:
            raise self.error


class FailsAfterWriting(BackgroundJob):
    class Meta:
        atomic = True

    def run(self) -> None:
        leave_trace("must be rolled back", self.job.pk)
        raise ValueError("boom")


class LargeResult(BackgroundJob):
    """Runs until a file exists, then returns a result that needs room on the server's disk."""

    def run(self, path: str) -> str:
        WaitingForFile(self.job).run(path)
        return random.randbytes(200_000).hex()


class EndlessCoroutine(BackgroundJob):
    class Meta:
        timeout = 1

    async def run(self) -> None:
        while True:
            await asyncio.sleep(0.01)


class HeldCoroutine(BackgroundJob):
    """Runs until a trace labelled `release` exists, as a coroutine."""

    async def run(self) -> None:
        await Trace.objects.acreate(label="started", job_id=self.job.pk, pid=os.getpid())
        while not await Trace.objects.filter(label="release").aexists():
            await asyncio.sleep(0.02)


class KillsItsWorker(BackgroundJob):
    def run(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class SlowToFail(BackgroundJob):
    """Fails at once. Writing its failure down takes longer than its timeout."""

    class Meta:
        timeout = 1

    def run(self) -> None:
        self.job.data = _SlowToRead(key="value")
        raise ValueError("boom")


class _SlowToRead(dict[str, str]):
    def items(self) -> Any:
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            time.sleep(0.01)
        return super().items()


class Careless(BackgroundJob):
    """Misuses its database connection in one of several ways."""

    def run(self, how: str) -> None:
        getattr(self, how)()

    def leave_autocommit_off(self) -> None:
        transaction.set_autocommit(False)
        leave_trace("never committed")

    def leave_a_block_open(self) -> None:
        transaction.atomic().__enter__()
        leave_trace("never committed")

    def leave_a_bare_transaction_open(self) -> None:
        connection.cursor().execute("BEGIN")
        leave_trace("never committed")

    def leave_a_broken_transaction(self) -> None:
        connection.cursor().execute("BEGIN")
        with suppress(DatabaseError):
            connection.cursor().execute("SELECT nothing")

    def close_it(self) -> None:
        connection.close()

    def lose_it(self) -> None:
        with suppress(DatabaseError):
            connection.cursor().execute("SELECT pg_terminate_backend(pg_backend_pid())")

    def replace_it(self) -> None:
        connection.ensure_connection()
        connection.connection = object()

    def lose_it_with_a_driver_that_minds(self) -> None:
        def mind() -> None:
            raise InterfaceError("not connected")

        self.lose_it()
        connections["default"].close = mind  # type: ignore[method-assign]


class CarelessCoroutine(BackgroundJob):
    """Misuses its database connection from a coroutine."""

    async def run(self, how: str) -> None:
        await sync_to_async(getattr(Careless(self.job), how))()


class AsksWhoItIs(BackgroundJob):
    """Returns its role in the database."""

    def run(self) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            return str(cursor.fetchone()[0])


class NamesModules(BackgroundJob):
    """Returns the modules of a package that its process has imported."""

    def run(self, package: str) -> list[str]:
        return sorted(name for name in sys.modules if name.startswith(package))


class HeldInThread(BackgroundJob):
    """Runs until a trace labelled `release` exists, as a coroutine that waits for a synchronous
    call."""

    async def run(self) -> None:
        await sync_to_async(Held(self.job).run)()


class TracingCoroutine(BackgroundJob):
    async def run(self, label: str = "ran") -> None:
        await sync_to_async(leave_trace)(label, self.job.pk)


@register
def plain_function(job: Any, **kwargs: Any) -> Any:
    """A function as a job."""
    return kwargs or None


class Speed(enum.Enum):
    SLOW = "slow"
    FAST = "fast"


class Typed(BackgroundJob):
    """Takes an argument of each type that a form has a field for."""

    class Meta:
        launchable = True
        sensitive = ("token",)

    def run(
        self,
        text: str,
        count: int = 5,
        ratio: float = 0.5,
        full: bool = False,
        token: str = "",
        until: date | None = None,
        at: datetime | None = None,
        price: Decimal = Decimal("1.50"),
        key: uuid.UUID | None = None,
        speed: Speed = Speed.SLOW,
        mode: Literal["merge", "replace"] = "merge",
        site: Site | None = None,
        options: dict[str, Any] | None = None,
        names: list[str] | None = None,
    ) -> None:
        """Do nothing."""


class SlowlyTelling(BackgroundJob):
    """Writes a line and its progress, over and over, until a trace labelled `release` exists."""

    def run(self) -> None:
        count = 0
        while not Trace.objects.filter(label="release").exists():
            count += 1
            self.progress(count, 1000, f"step {count}")
            self.logger.info("line %d", count)
            time.sleep(0.1)
