"""Reads the values of all metrics, by a fixed number of statements with a time limit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from django.db import Error, connections, router, transaction

from pgjobs import stats
from pgjobs.events import MetricsUnreadable, tell
from pgjobs.metrics import families
from pgjobs.metrics.counters import of_failures, of_totals
from pgjobs.metrics.families import Values
from pgjobs.metrics.gauges import of_pauses, of_queues, of_schedules, of_workers
from pgjobs.models import Job, Pause
from pgjobs.rows.statistics import MOST_FAILURE_KINDS

_MOST_JOBS: Final = 10_000
"""Jobs that are counted; more are estimated. The help text of ``pgjobs_jobs`` says so."""
_LONGEST: Final = 3.0
"""Seconds for one statement at most. A whole scrape may take 10 s by Prometheus' default."""


def read() -> list[Values]:
    """Return the values of all metrics; ``pgjobs_up`` 0 alone if the database does not answer."""
    database = router.db_for_write(Job)
    began = time.monotonic()
    try:
        # In a thread without requests, as in prometheus_client's own server, nobody else closes a
        # connection that the server has ended.
        if not connections[database].in_atomic_block:
            connections[database].close_if_unusable_or_obsolete()
        with transaction.atomic(using=database):
            stats.be_patient_for(_LONGEST, database)
            found = [*_gauges(database), *_counters(database)]
            # The limits must not outlive this inside a transaction of the caller.
            transaction.set_rollback(True, using=database)
    except Error as error:
        tell(MetricsUnreadable("metrics", error))
        return [Values(families.UP, {(): 0})]
    took = time.monotonic() - began
    return [Values(families.UP, {(): 1}), Values(families.SCRAPE, {(): took}), *found]


def _gauges(database: str) -> Iterator[Values]:
    workers = stats.workers(database)
    yield from of_queues(stats.backlog(_MOST_JOBS, database), workers)
    yield from of_workers(workers)
    yield from of_pauses(Pause.objects.using(database).values_list("kind", "name"))
    yield of_schedules(stats.schedules(database))


def _counters(database: str) -> list[Values]:
    """Return the counters and histograms; nothing if the statistics can't be read in time.

    With no worker that merges them, the ends of millions of jobs can wait there. This must not look
    as if the database were away.
    """
    try:
        with transaction.atomic(using=database):
            totals = stats.totals(database)
            kinds = stats.failure_kinds(MOST_FAILURE_KINDS, database)
    except Error as error:
        tell(MetricsUnreadable("statistics", error))
        return []
    return [*of_totals(totals), of_failures(kinds)]
