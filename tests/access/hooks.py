"""Functions that tests name in PGJOBS["VISIBLE_JOBS"]."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied

from pgjobs.models import Job

PATH = "tests.access.hooks"
NO_FUNCTION = 1


def own_queues(user: Any, jobs: Any) -> Any:
    """Return the jobs that don't wait in the queue of others."""
    return jobs.exclude(queue_name="high")


def shows_all(user: Any, jobs: Any) -> Any:
    return jobs


def shows_none(user: Any, jobs: Any) -> Any:
    return jobs.none()


def raises(user: Any, jobs: Any) -> Any:
    raise KeyError("team")


def denies(user: Any, jobs: Any) -> Any:
    raise PermissionDenied


def returns_nothing(user: Any, jobs: Any) -> Any:
    return None


def returns_users(user: Any, jobs: Any) -> Any:
    return User.objects.all()


def returns_a_list(user: Any, jobs: Any) -> Any:
    return list(jobs)


def returns_a_slice(user: Any, jobs: Any) -> Any:
    return jobs[:5]


def returns_a_union(user: Any, jobs: Any) -> Any:
    return jobs.union(Job.objects.all())
