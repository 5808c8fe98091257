"""Signals inform; nothing in pgjobs depends on a receiver.

All are sent robustly and after the fact is committed, with the job both as
``sender`` (as NetBox does it) and as ``job``. An exception in a receiver is
logged and changes nothing about the job.
"""

from __future__ import annotations

import logging
from typing import Any

from django.dispatch import Signal

logger = logging.getLogger("pgjobs.signals")

job_enqueued = Signal()
"""A job was inserted and its transaction committed. Not sent by ``enqueue_many()``."""

job_start = Signal()
"""``run()`` is about to begin, in the thread that will run it."""

job_end = Signal()
"""An attempt's outcome was recorded and the job is finished; ``job.status`` tells how."""

job_rescued = Signal()
"""A dead worker's job was taken back (``job.status`` pending) or given up (errored)."""


def announce(signal: Signal, job: Any) -> None:
    """Send ``signal`` for ``job``; receivers that raise are logged, never felt."""
    if not signal.receivers:
        return
    for receiver, answer in signal.send_robust(sender=job, job=job):
        if isinstance(answer, Exception):
            logger.error(
                "receiver=%r job=%s raised", receiver, getattr(job, "pk", job), exc_info=answer
            )
