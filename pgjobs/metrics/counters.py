"""The counters and histograms: the ends since the statistics began."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Final

from pgjobs.choices import FINISHED
from pgjobs.metrics import families
from pgjobs.metrics.families import BOUNDS, Family, Histogram, Labels, Values
from pgjobs.metrics.names import bounded
from pgjobs.stats import GROWTH, FailureFingerprint, Total

_NONE: Final = "none"


def of_totals(totals: Sequence[Total]) -> Iterator[Values]:
    """Yield the finished jobs, and the histograms of their run times and waits.

    Each class of a queue has all outcomes, also with the value 0. Prometheus takes the first value
    of a new series for no increase, so it would not see the first failure of a class.
    """
    class_of = bounded(total.job_class for total in totals)
    queue_of = bounded(total.queue for total in totals)
    finished: dict[Labels, float] = {}
    for total in totals:
        queue, job_class = queue_of(total.queue), class_of(total.job_class)
        for outcome in FINISHED:
            finished.setdefault((queue, job_class, str(outcome)), 0)
        if total.outcome in FINISHED:  # SQL by hand can write others
            finished[queue, job_class, total.outcome] += total.jobs
    yield Values(families.FINISHED, finished)
    yield _histograms(
        families.RUN_TIME,
        ((class_of(each.job_class), each.run_buckets, each.run_seconds) for each in totals),
    )
    yield _histograms(
        families.WAIT,
        ((queue_of(each.queue), each.wait_buckets, each.wait_seconds) for each in totals),
    )


def of_failures(kinds: Sequence[FailureFingerprint]) -> Values:
    """Return the failures by class and exception; ``none`` stands for a failure without one."""
    class_of = bounded(kind.job_class for kind in kinds)
    exception_of = bounded(kind.exception for kind in kinds)
    failures: defaultdict[Labels, float] = defaultdict(float)
    for kind in kinds:
        failures[class_of(kind.job_class), exception_of(kind.exception) or _NONE] += kind.jobs
    return Values(families.FAILURES, failures)


def _histograms(family: Family, parts: Iterable[tuple[str, Mapping[int, int], float]]) -> Values:
    """Add up the parts that have the same label: buckets of the statistics, and seconds."""
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
    seconds: defaultdict[str, float] = defaultdict(float)
    for label, buckets, part in parts:
        seconds[label] += part
        for bucket, jobs in buckets.items():
            counts[label][_place(bucket)] += jobs
    return Values(
        family,
        histograms={(label,): _cumulative(each, seconds[label]) for label, each in counts.items()},
    )


@cache
def _place(bucket: int) -> int:
    """Return the place in ``BOUNDS`` of a bucket of the statistics."""
    return bisect_left(BOUNDS, GROWTH**bucket)


def _cumulative(counts: list[int], seconds: float) -> Histogram:
    *up_to, count = accumulate(counts)
    return Histogram(tuple(up_to), count, seconds)
