"""Assertions about the jobs that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pgjobs.models import Job
from pgjobs.models.job_database import job_database
from pgjobs.testing.difference import told, told_all
from pgjobs.testing.expectation import Expectation, expectation

if TYPE_CHECKING:
    from pgjobs.testing.targets import AnyTarget


def enqueued(target: AnyTarget | None = None, /, *args: Any, **expected: Any) -> list[Job]:
    """Return the waiting jobs that are as expected, in the order of their ids.

    ``target`` is a job class, a job function or a task of Django's framework; None stands for any.
    ``args`` are arguments that a function or a task takes by position. ``expected`` may hold:

    - ``object``: the object of the job; None for a job without an object.
    - ``user``, ``queue_name``, ``priority``, ``schedule_at`` and ``interval``, as in ``enqueue()``.
    - ``status``: a status other than that of waiting jobs.
    - ``arguments``: a dict of arguments of ``run()``, whatever they are called.
    - any other name: an argument of ``run()``.

    ``unittest.mock.ANY`` stands for any value, inside lists and dicts too.

    A part that is not given may have any value. What ``using()`` has changed in a task is expected
    too. Raises InvalidArgument for a name that ``run()`` does not take, and for a value that no job
    can have.
    """
    return _found(expectation(target, *args, **expected))


def assert_enqueued(target: AnyTarget | None = None, /, *args: Any, **expected: Any) -> Job:
    """Assert that a job waits that is as expected; return the first one.

    It takes the arguments of `enqueued()`. The AssertionError shows the jobs that wait, the
    nearest first, with the parts that differ.
    """
    wanted = expectation(target, *args, **expected)
    if found := _found(wanted):
        return found[0]
    raise AssertionError(told(wanted, _all_jobs()))


def refute_enqueued(target: AnyTarget | None = None, /, *args: Any, **expected: Any) -> None:
    """Assert that no job waits that is as expected. It takes the arguments of `enqueued()`."""
    wanted = expectation(target, *args, **expected)
    if found := _found(wanted):
        raise AssertionError(told_all(wanted, found))


def _found(wanted: Expectation) -> list[Job]:
    jobs = Job.objects.using(job_database()).filter(status__in=wanted.statuses)
    if wanted.job_class is not None:
        jobs = jobs.filter(job_class=wanted.job_class)
    return [job for job in jobs.order_by("pk") if not wanted.differences(job)]


def _all_jobs() -> list[Job]:
    return list(Job.objects.using(job_database()).order_by("pk"))
