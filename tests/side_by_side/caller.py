"""A process that enqueues, cancels, retries and waits: ``caller.py NAME``, until SIGTERM.

Any exception ends it with a traceback: no error may reach a caller, whatever schema it finds.
"""

from __future__ import annotations

import itertools
import signal
import sys
import time
from datetime import timedelta
from types import FrameType
from typing import Any, Final

import django

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from tests.chaos.jobs import Atomic, Interval, Plain, Retrying, Slow, SlowCoroutine  # noqa: E402

PAUSE: Final = 0.1
"""Seconds between two rounds."""
LONGEST_WAIT: Final = 300.0
MIX: Final[tuple[Any, ...]] = (Plain, Atomic, Retrying, Atomic)
_is_told_to_end = False


def main(name: str) -> None:
    signal.signal(signal.SIGTERM, _end)
    for number in itertools.count():
        if _is_told_to_end:
            return
        _place(f"{name}-{number:05}")
        if number % 10 == 0:
            _change_mind(f"{name}-{number:05}-changed")
        time.sleep(PAUSE)


def _end(_number: int, _frame: FrameType | None) -> None:
    global _is_told_to_end
    _is_told_to_end = True


def _place(key: str) -> None:
    """Enqueue a job of each kind in one transaction, and write them into the ledger."""
    with transaction.atomic():
        for number, kind in enumerate(MIX):
            kind.enqueue(key=_noted(f"{key}-{number}", kind))
        if key.endswith("0"):
            Slow.enqueue(key=_noted(f"{key}-slow", Slow), seconds=0.5)
            SlowCoroutine.enqueue(key=_noted(f"{key}-coroutine", SlowCoroutine), seconds=0.5)
            Plain.enqueue_many({"key": _noted(f"{key}-many-{each}", Plain)} for each in range(3))
        if key.endswith("00"):
            Interval.enqueue(key=_noted(f"{key}-chain", Interval), interval=1)


def _noted(key: str, kind: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO chaos_order (key, kind) VALUES (%s, %s)", [key, kind.__name__])
    return key


def _change_mind(key: str) -> None:
    """Cancel a job, let it run after all, and wait for it if the release can wait."""
    _noted(key, Plain)
    job = Plain.enqueue(key=key, schedule_at=timezone.now() + timedelta(hours=1))
    assert job.cancel()
    job.refresh_from_db()
    assert job.status == "cancelled", job.status
    assert job.retry()
    if hasattr(job, "wait"):
        assert job.wait(timeout=LONGEST_WAIT).status == "completed"


if __name__ == "__main__":
    main(sys.argv[1])
