"""Which jobs a user may see: the project decides it by ``PGJOBS["VISIBLE_JOBS"]``."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import models
from django.utils.module_loading import import_string

from pgjobs.conf import get_settings
from pgjobs.models import Job
from pgjobs.showing import brief


def visible_to(user: Any, jobs: models.QuerySet[Job] | None = None) -> models.QuerySet[Job]:
    """Return the ``jobs``, by default all, that ``user`` may see.

    Raises ImproperlyConfigured if the project's function fails, or if it returns no query set of
    jobs: then no user sees a job. The function may raise PermissionDenied.
    """
    jobs = Job.objects.all() if jobs is None else jobs
    path = get_settings().VISIBLE_JOBS
    if not path:
        return jobs
    try:
        seen: Any = import_string(path)(user, jobs)
    except PermissionDenied:
        raise
    except Exception as error:
        raise ImproperlyConfigured(
            f"PGJOBS['VISIBLE_JOBS'], the function {path}, raised {type(error).__name__}, so no "
            f"job is shown: {brief(error)}"
        ) from error
    if not _can_be_filtered(seen):
        raise ImproperlyConfigured(
            f"PGJOBS['VISIBLE_JOBS'], the function {path}, must return the query set of jobs that "
            f"it was given, filtered, and not sliced or combined. It returned {_kind(seen)}, so no "
            "job is shown."
        )
    found: models.QuerySet[Job] = seen
    return found


def sees_all(user: Any) -> bool:
    """Return whether ``user`` sees each job: then statistics, which count all jobs, may be shown.

    Raises as ``visible_to()``.
    """
    return is_whole(visible_to(user))


def is_whole(seen: models.QuerySet[Job]) -> bool:
    """Return whether ``visible_to()`` returned the jobs without a filter of the project."""
    return not (seen.query.where or seen.query.extra_tables)


def _can_be_filtered(seen: Any) -> bool:
    return (
        isinstance(seen, models.QuerySet)
        and seen.model is Job
        and not seen.query.is_sliced
        and not seen.query.combinator
    )


def _kind(seen: Any) -> str:
    # The repr() of a query set would read rows that the user may not see.
    return f"a {type(seen).__qualname__}"
