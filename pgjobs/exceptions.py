"""The exceptions of pgjobs, and the exceptions that ``run()`` raises to steer its job."""

from __future__ import annotations

from datetime import datetime, timedelta

from pgjobs.limits import END_OF_TIME, FIRST_MOMENT, LONGEST_WAIT, is_moment, is_wait


class PgJobsError(Exception):
    """The base class of all exceptions of pgjobs."""


class InvalidArgument(PgJobsError, ValueError):
    """An argument of pgjobs is refused; for ``enqueue()`` this means that no row was written."""


class UnknownQueue(InvalidArgument, KeyError):
    """A queue name is not one of the default queues, and no app, plugin or setting names it."""

    # `KeyError.__str__` would show the message in quotes, as it shows a key.
    __str__ = Exception.__str__


class NotSerializable(InvalidArgument, TypeError):
    """An argument holds a value that typed JSON can't express; see ``pgjobs.codec``."""


class UnknownJobClass(PgJobsError, LookupError):
    """A row names a job class that this process has not registered."""


class BadArguments(PgJobsError):
    """Stored arguments can't be decoded, for instance because an object was deleted since."""


class UnreadableRow(PgJobsError):
    """The row of a job can't be read: Python can't hold a value in it, such as a moment before the
    year 1, or the value is more than fits into memory."""


class StaleJob(PgJobsError):
    """The row has moved on to another run, so this run may not finish the job."""


class JobLocked(PgJobsError):
    """A job can't run in this process, because a foreign session holds the lock of the job's id."""

    def __init__(self, job_id: int) -> None:
        super().__init__(
            f"Another session holds the advisory lock of job {job_id}, so the job can't run "
            "here. Look in pg_locks for the session."
        )


class DatabaseRefused(PgJobsError):
    """A worker can't start: the database does not let it in, or lacks the tables of pgjobs."""


class JobProcessDied(PgJobsError):
    """The process of a job ended before the job did: it crashed, exited, or used too much memory.

    The attempt counts as an error. The text tells how the process ended, and its last lines on
    standard error. Only jobs of the isolations ``process`` and ``fresh_process`` have a process.
    """


class TransactionLeftOpen(PgJobsError):
    """``run()`` returned while a transaction that it had begun was still open.

    The transaction is rolled back. The attempt counts as an error, because its work is lost.
    """

    def __init__(self) -> None:
        super().__init__(
            "run() left a transaction open; its changes in this transaction are undone."
        )


# Raised by run() --------------------------------------------------------------------


class JobFailed(PgJobsError):
    """Raised by ``run()`` to end the job as failed: the job worked, and the answer is no.

    The text of the exception becomes ``job.error``.
    """


class Retry(PgJobsError):
    """Raised by ``run()`` to end the attempt as an error that is worth another attempt.

    If attempts are left, the next one is due ``after`` some seconds or a ``timedelta``. Without
    ``after`` the wait is that of ``Meta.backoff``. Raises `InvalidArgument` for another type, and
    for more than a thousand years.
    """

    def __init__(self, message: str = "", *, after: timedelta | float | None = None) -> None:
        super().__init__(message or "The job asked to be tried again.")
        if not isinstance(after, int | float | timedelta | None):
            raise InvalidArgument(f"after must be seconds or a timedelta, not {after!r}.")
        self.after = None if after is None else _wait("after", after)


class Snooze(PgJobsError):
    """Raised by ``run()`` to run the job again later; this costs no attempt.

    The job is due again at ``until``: a moment with a time zone, or a ``timedelta`` from now.
    Raises `InvalidArgument` for another type, for a moment without a time zone or outside the years
    2 to 9998, and for more than a thousand years.
    """

    def __init__(self, *, until: datetime | timedelta) -> None:
        super().__init__(f"Snoozed until {until}.")
        if not isinstance(until, datetime | timedelta):
            raise InvalidArgument(f"until must be a datetime or a timedelta, not {until!r}.")
        if isinstance(until, timedelta):
            _wait("until", until)
        elif until.utcoffset() is None:
            raise InvalidArgument(
                f"until {until.isoformat()} has no time zone: use timezone.now()."
            )
        elif not is_moment(until):
            raise InvalidArgument(
                f"until must be from {FIRST_MOMENT} until before {END_OF_TIME}, not {until}."
            )
        self.until = until


def _wait(name: str, given: timedelta | float) -> timedelta:
    """Return a wait; numbers are seconds. Raises InvalidArgument if no job may wait for so long."""
    try:
        wait = given if isinstance(given, timedelta) else timedelta(seconds=given)
    except (OverflowError, ValueError):  # more than Python's longest timedelta; NaN
        wait = None
    if wait is None or not is_wait(wait):
        days = LONGEST_WAIT.days
        raise InvalidArgument(f"{name} must be at most {days} days, not {given!r}.")
    return wait


# Raised inside run() by the worker ----------------------------------------------------


class JobInterrupted(PgJobsError):
    """The base class of the exceptions that a stop request raises inside ``run()``.

    A job may catch it to clean up, and must then let it pass. If the job still runs ``KILL_GRACE``
    seconds later, its process is ended.
    """


class JobTimeout(JobInterrupted):
    """The job ran longer than its timeout. The attempt counts as an error."""


class JobCancelled(JobInterrupted):
    """The job was cancelled while it ran, and ends as cancelled.

    ``run()`` can raise it, too, to cancel its own job.
    """


class WorkerLost(JobInterrupted):
    """The worker can't prove that it lives, or the row was deleted or taken over by another run.

    If the row still belongs to this run, the job goes back to its queue. Only this stop request
    counts as an interruption.
    """
