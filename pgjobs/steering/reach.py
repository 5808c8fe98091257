"""The jobs that an action may reach: the jobs that its user may see."""

from __future__ import annotations

from django.contrib.auth import get_user_model

from pgjobs.access import visible_to
from pgjobs.conf import get_settings
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from pgjobs.models.job_queryset import JobQuerySet


def within_reach(user_key: str, jobs: JobQuerySet[Job]) -> JobQuerySet[Job]:
    """Return the ``jobs`` that the user with this key may see; all for an action of no user.

    Raises InvalidArgument if the user is gone, and ImproperlyConfigured as ``visible_to()``.
    """
    if not (user_key and get_settings().VISIBLE_JOBS):
        return jobs
    user = get_user_model()._default_manager.filter(pk=user_key).first()
    if user is None:
        raise InvalidArgument(f"The user {user_key} of the action is gone, so no job is changed.")
    seen: JobQuerySet[Job] = visible_to(user, jobs)  # type: ignore[assignment]
    return seen
