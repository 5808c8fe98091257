"""One tree of errors, and what ``run()`` raises to steer its job."""

from __future__ import annotations

from datetime import datetime, timedelta


class PgJobsError(Exception):
    """Whatever pgjobs itself refuses or fails to do."""


class InvalidArgument(PgJobsError, ValueError):
    """An argument of ``enqueue()`` or ``setup()`` that can't become a job; no row was written."""


class UnknownQueue(InvalidArgument, KeyError):
    """A queue that no app, plugin or setting names."""

    # KeyError quotes its argument; the sentence should read as a sentence.
    __str__ = Exception.__str__


class NotSerializable(InvalidArgument, TypeError):
    """A value that the typed JSON of arguments can't hold."""


class UnknownJobClass(PgJobsError, LookupError):
    """A row that names a job class which this process has not registered."""


class BadArguments(PgJobsError):
    """Stored arguments that no longer decode, for instance because a referenced object is gone."""


class StaleJob(PgJobsError):
    """The row has moved on to another worker, so this run may not finish it."""


class DatabaseRefused(PgJobsError):
    """A worker can't start: the database does not let it in, or lacks its tables."""


class TransactionLeftOpen(PgJobsError):
    """The job returned inside a transaction of its own, so what it wrote there is not committed."""

    def __init__(self) -> None:
        super().__init__("run() left a transaction open; what it wrote there is undone.")


# Raised by run() --------------------------------------------------------------------


class JobFailed(PgJobsError):
    """Raised by ``run()``: the job worked, and the answer is no. Its text is ``job.error``."""


class Retry(PgJobsError):
    """Raised by ``run()``: try again, if attempts are left, after the given time or the backoff."""

    def __init__(self, message: str = "", *, after: timedelta | float | None = None) -> None:
        super().__init__(message or "The job asked to be tried again.")
        if not isinstance(after, int | float | timedelta | None):
            raise InvalidArgument(f"after must be seconds or a timedelta, not {after!r}.")
        self.after = timedelta(seconds=after) if isinstance(after, int | float) else after


class Snooze(PgJobsError):
    """Raised by ``run()``: not now. The job is due again at ``until``; it costs no attempt."""

    def __init__(self, *, until: datetime | timedelta) -> None:
        super().__init__(f"Snoozed until {until}.")
        if not isinstance(until, datetime | timedelta):
            raise InvalidArgument(f"until must be a datetime or a timedelta, not {until!r}.")
        if isinstance(until, datetime) and until.tzinfo is None:
            raise InvalidArgument(f"until {until.isoformat()} has no time zone.")
        self.until = until


# Raised inside run() by its worker ----------------------------------------------------


class JobInterrupted(PgJobsError):
    """Raised inside a job that must stop. Clean up, and let it pass: what ignores it is killed."""


class JobTimeout(JobInterrupted):
    """The job ran longer than its timeout; it ends as errored."""


class JobCancelled(JobInterrupted):
    """Somebody cancelled the job while it ran. Raised by ``run()`` itself, it cancels the job."""


class WorkerLost(JobInterrupted):
    """The worker can't prove that it lives, so others may run the job; it goes back."""
