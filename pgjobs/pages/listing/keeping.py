"""Rows of the project that go with a deleted job, and that the user may not delete."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.deletion import get_candidate_relations_to_delete

from pgjobs.models import Job, JobLogEntry
from pgjobs.models.job_queryset import JobQuerySet


def kept_by(user: Any, jobs: JobQuerySet[Job]) -> list[str]:
    """Return the names of the models whose rows keep ``jobs`` from being deleted by ``user``."""
    found = []
    options_of_jobs: Any = Job._meta
    relations: Any = get_candidate_relations_to_delete(options_of_jobs)
    for relation in relations:
        model = relation.related_model
        if model is JobLogEntry or relation.on_delete is not models.CASCADE:
            continue
        options = model._meta
        may_delete = user.has_perm(f"{options.app_label}.delete_{options.model_name}")
        rows = model._base_manager.filter(**{f"{relation.field.name}__in": jobs.values("pk")})
        if not may_delete and rows.exists():
            found.append(str(options.verbose_name_plural))
    return found
