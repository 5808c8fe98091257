"""One tree of errors, and what ``run()`` raises to steer its job."""

from __future__ import annotations


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


class JobFailed(PgJobsError):
    """Raised by ``run()``: the job worked, and the answer is no. Its text is ``job.error``."""


class JobTimeout(PgJobsError):
    """Raised inside a job that ran longer than its timeout."""
