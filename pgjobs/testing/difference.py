"""The message of an assertion that failed: the jobs that come nearest, and how they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from django.db import connections

from pgjobs.choices import WAITING
from pgjobs.models import Job
from pgjobs.models.job_database import job_database
from pgjobs.showing import brief, counted
from pgjobs.testing.expectation import Expectation, object_of, stored_arguments
from pgjobs.testing.values import shown

_MOST: Final = 5
"""Jobs that are shown."""


def told(wanted: Expectation, jobs: Sequence[Job]) -> str:
    """Return why none of ``jobs``, all of the database, is as ``wanted``."""
    lines = [f"Expected a {f'{wanted.kind} {wanted}'.strip()}, and there is none."]
    waiting = [job for job in jobs if job.status in wanted.statuses]
    lines += [*_nearest(wanted, waiting), *_moved_on(wanted, jobs), *_on_commit()]
    return "\n".join(lines)


def told_all(wanted: Expectation, found: Sequence[Job]) -> str:
    """Return that ``found``, which are as ``wanted``, should not be there."""
    kind = "waiting" if wanted.statuses == WAITING else wanted.kind
    lines = [f"Expected no {f'{kind} {wanted}'.strip()}, but found {counted(len(found), 'job')}:"]
    return "\n".join([*lines, *(f"  {_in_a_line(job)}" for job in found[:_MOST]), *_more(found)])


def _more(jobs: Sequence[Job]) -> Iterator[str]:
    if len(jobs) > _MOST:
        yield f"  … and {len(jobs) - _MOST} more"


def _nearest(wanted: Expectation, waiting: Sequence[Job]) -> Iterator[str]:
    if not waiting:
        yield "No job waits at all." if wanted.statuses == WAITING else "No job has this status."
        return
    yield f"{counted(len(waiting), 'job')} of this status, the nearest first:"
    for job in sorted(waiting, key=lambda job: _distance(wanted, job))[:_MOST]:
        yield f"  {_in_a_line(job)}"
        for name, expected, found in wanted.differences(job):
            yield f"    {name}: expected {expected}, found {found}"
    yield from _more(waiting)


def _distance(wanted: Expectation, job: Job) -> tuple[bool, int, int]:
    is_of_another_class = wanted.job_class not in (None, job.job_class)
    return is_of_another_class, len(wanted.differences(job)), job.pk


def _moved_on(wanted: Expectation, jobs: Sequence[Job]) -> Iterator[str]:
    for job in jobs:
        if job.status not in wanted.statuses and not wanted.differences(job):
            yield f"Job {job.pk} is as expected, but it is {job.status} by now."


def _on_commit() -> Iterator[str]:
    callbacks = [
        callback
        for _, callback, *_ in connections[job_database()].run_on_commit
        if not (getattr(callback, "__module__", None) or type(callback).__module__).startswith(
            "pgjobs."
        )
    ]
    if callbacks:
        yield (
            f"{counted(len(callbacks), 'callback')} of transaction.on_commit() did not run: the "
            "transaction of the test does not commit. If one enqueues the job, wrap the code in "
            "captureOnCommitCallbacks(execute=True)."
        )


def _in_a_line(job: Job) -> str:
    about = "" if job.object_id is None else f" about {brief(object_of(job))}"
    arguments = ", ".join(f"{name}={shown(v)}" for name, v in stored_arguments(job).items())
    return f"job {job.pk}: {job.job_class}({arguments}){about}, {job.status}, {job.queue_name}"
