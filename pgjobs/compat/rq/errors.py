"""The exceptions of RQ that its callers catch."""

from __future__ import annotations

from pgjobs.exceptions import PgJobsError


class NoSuchJobError(PgJobsError):
    """No job has this id."""


class InvalidJobOperation(PgJobsError):
    """The status of the job does not allow the call."""
