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


def jobs_of(
    user: Any, instance: models.Model, limit: int = SHOWN, among: Any = None
) -> dict[str, Any]:
    """Return the newest jobs of an object that ``user`` may see, for a template.

    With ``among``, a query set of jobs, these are the jobs, whatever object they are about.
    Raises InvalidArgument if ``instance`` is no object.
    """
    if not (user is not None and may(user, Verb.VIEW)):
        return {"is_allowed": False, "jobs": []}
    own = object_key(model_instance(instance))
    chosen = own if among is None else {"pk__in": among.using(all_jobs().db).values("pk")}
    seen = visible_to(user, all_jobs()).filter(**chosen)
    found: list[Any] = list(seen.order_by("-pk").defer(*WIDE)[: limit + 1])
    jobs = found[:limit]
    figures = stats.figures([job.pk for job in jobs], all_jobs().db) if jobs else {}
    for job in jobs:
        job.figures = figures.get(job.pk)
    return {"is_allowed": True, "jobs": jobs, "has_more": len(found) > limit}


def rendered(request: Any, instance: models.Model, limit: int = SHOWN, among: Any = None) -> str:
    """Return the jobs of an object as HTML; nothing for a user who may see no jobs."""
    shown = jobs_of(getattr(request, "user", None), instance, limit, among)
    return render_to_string("pgjobs/object_jobs.html", shown, request)
