"""The backend for ``TASKS``: ``{"default": {"BACKEND": "pgjobs.backends.PgJobsBackend"}}``."""

from pgjobs.tasks.backend import PgJobsBackend

__all__ = ["PgJobsBackend"]
