"""Running jobs in the thread and in the transaction of a test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, models

from pgjobs import codec
from pgjobs.choices import WAITING
from pgjobs.clock.schedules import fire_due
from pgjobs.clock.synchronizing import synchronize
from pgjobs.enqueueing.arguments import gathered
from pgjobs.enqueueing.row import row_for, row_for_call
from pgjobs.exceptions import InvalidArgument, Retry, Snooze
from pgjobs.execution import in_process
from pgjobs.execution.verdict import leaves_of
from pgjobs.models import Job
from pgjobs.showing import brief
from pgjobs.testing.due_jobs import all_jobs, due_within
from pgjobs.testing.job_run import JobRun
from pgjobs.testing.lanes import lanes
from pgjobs.testing.targets import Target, target_of

if TYPE_CHECKING:
    from pgjobs.testing.targets import AnyTarget


def run_job(
    target: AnyTarget,
    /,
    *args: Any,
    object: models.Model | None = None,
    raising: bool = True,
    **options: Any,
) -> JobRun:
    """Run one job now, in this thread, and return its run.

    ``target`` is a job class, a job function or a task. ``object`` and ``options`` are those of
    ``enqueue()``, and are checked as ``enqueue()`` checks them. A name that is no option is an
    argument of ``run()``. ``args`` are arguments that a function or a task takes by position. The
    job has a row, like an immediate job, so ``self.job`` is as in a worker.

    Raises the exception that leaves ``run()``, unless it is a Retry or Snooze that sends the job
    back to its queue. With ``raising=False`` nothing is raised.
    """
    row = _row_for_run(target_of(target), args, object, options)
    job, errors = Job(**row), list[BaseException]()
    with _lost_session_told(job):
        in_process.run_immediately(all_jobs(), job, note_error=errors.append)
    run = JobRun(
        job=job,
        result=codec.decode(job.result, "result"),
        exception=errors[0] if errors else None,
    )
    if raising:
        _raise_exception(job, run.exception)
    return run


def _row_for_run(
    target: Target, args: tuple[Any, ...], about: Any, options: dict[str, Any]
) -> dict[str, Any]:
    """Return the columns of the job that ``run_job()`` runs."""
    if target.takes_options:
        options = target.with_name(options)
        if args:
            named = target.named(args, {})
            options["arguments"] = gathered(options.get("arguments"), named)
        return row_for(target.code, about, immediate=True, **options)
    kwargs = gathered(options.pop("arguments", None), options)
    if about is not None:
        raise InvalidArgument(
            f"object={brief(about)} can't be given to {target.path}, whose jobs have no object. "
            "If it is an argument of the function, write arguments={'object': …}."
        )
    if target.task is None:
        return row_for_call(target.code, list(args), kwargs, immediate=True)
    backend: Any = target.task.get_backend()
    row: dict[str, Any] = backend.row_of(target.task, args, kwargs, immediate=True)
    return row


def run_jobs(
    *,
    queues: Sequence[str] | None = None,
    ahead: timedelta = timedelta(0),
    limit: int = 100,
    raising: bool = True,
) -> list[Job]:
    """Run all jobs that are due, in this thread, in the order in which a worker would start them.

    Jobs that these jobs enqueue run too, and so do retries and successors once they are due. With
    ``ahead``, time moves on by this span from one due moment to the next. ``queues`` are served
    strictly in their order; None serves all, the queues of a worker without arguments first. Paused
    queues and classes wait.

    Return a job for each run, as it was after the run.

    Raises the first exception that leaves a ``run()``, after its outcome is in the row; the jobs
    after it still wait. Retry and Snooze only steer, and are not raised. With ``raising=False``
    none is raised. Raises AssertionError if more than ``limit`` jobs run, and InvalidArgument for a
    wrong argument.
    """
    _check(ahead, limit)
    ran: list[Job] = []
    with closing(due_within(ahead, lanes(queues))) as due:  # an exception must end its time travel
        for job in due:
            if len(ran) == limit:
                raise AssertionError(_without_an_end(job, ran))
            errors: list[BaseException] = []
            with _lost_session_told(job):
                in_process.run_waiting(all_jobs(), job, note_error=errors.append)
            ran.append(job)
            if raising and errors:
                _raise_exception(job, errors[0])
    return ran


def _check(ahead: Any, limit: Any) -> None:
    if not isinstance(ahead, timedelta):
        raise InvalidArgument(
            f"ahead must be a timedelta, such as timedelta(hours=1), not {brief(ahead)}."
        )
    if type(limit) is not int or limit < 1:  # another limit would never be reached
        raise InvalidArgument(f"limit must be a whole number from 1, not {brief(limit)}.")


def fire_schedules() -> list[Job]:
    """Enqueue the system jobs that are due, as the clock of a worker does, and return these jobs.

    The first call writes the schedules, as the start of the first worker does. A system job with an
    interval is then due at once.
    """
    before = all_jobs().aggregate(latest=models.Max("pk"))["latest"] or 0
    synchronize()
    fire_due()
    return list(all_jobs().filter(pk__gt=before).order_by("pk"))


@contextmanager
def _lost_session_told(job: Job) -> Iterator[None]:
    """Add a note to the error if the outcome of ``job`` can't be written to the test's session."""
    try:
        yield
    except DatabaseError as error:
        error.add_note(
            f"The outcome of job {job.pk} of {job.job_class} could not be written. If run() ends "
            "the transaction that it did not begin, closes the connection, or changes settings of "
            "the session, it needs a session of its own: test this job with live_worker()."
        )
        raise


def _raise_exception(job: Job, error: BaseException | None) -> None:
    """Raise ``error``, which left the run of ``job``, unless it only steers the job."""
    if error is None:
        return
    if job.status in WAITING and all(isinstance(e, Retry | Snooze) for e in leaves_of(error)):
        return
    error.add_note(f"Raised by job {job.pk} of {job.job_class}, which is {job.status} now.")
    raise error


def _without_an_end(job: Job, ran: Sequence[Job]) -> str:
    counts = Counter(each.job_class for each in ran).most_common()
    classes = ", ".join(f"{name} ({count})" for name, count in counts)
    return (
        f"run_jobs() has run {len(ran)} jobs, and job {job.pk} of {job.job_class} is due still. It "
        f"ran: {classes}. If one of them enqueues itself without an end, let it stop; otherwise "
        "give a larger limit=…."
    )
