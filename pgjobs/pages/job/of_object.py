"""The jobs of an object, for pages of the project."""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from django.template.loader import render_to_string

from pgjobs import stats
from pgjobs.access import Verb, may, visible_to
from pgjobs.enqueueing.references import model_instance, object_key
from pgjobs.rows.columns import WIDE
from pgjobs.steering.selection import all_jobs

SHOWN: Final = 10
"""Jobs of an object that are shown: the newest ones."""


def jobs_of(user: Any, instance: models.Model, limit: int = SHOWN) -> dict[str, Any]:
    """Return the newest jobs of an object that ``user`` may see, for a template.

    Raises InvalidArgument if ``instance`` is no object.
    """
    if not (user is not None and may(user, Verb.VIEW)):
        return {"is_allowed": False, "jobs": []}
    seen = visible_to(user, all_jobs()).filter(**object_key(model_instance(instance)))
    found: list[Any] = list(seen.order_by("-pk").defer(*WIDE)[: limit + 1])
    jobs = found[:limit]
    figures = stats.figures([job.pk for job in jobs], all_jobs().db) if jobs else {}
    for job in jobs:
        job.figures = figures.get(job.pk)
    return {"is_allowed": True, "jobs": jobs, "has_more": len(found) > limit}


def rendered(request: Any, instance: models.Model, limit: int = SHOWN) -> str:
    """Return the jobs of an object as HTML; nothing for a user who may see no jobs."""
    user = getattr(request, "user", None)
    return render_to_string("pgjobs/object_jobs.html", jobs_of(user, instance, limit), request)
