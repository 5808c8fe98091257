"""The objects of jobs, for pages that show them: read with one query for each model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction

from pgjobs.models.job import Job
from pgjobs.models.object_field import fits


def find_objects(jobs: Iterable[Job]) -> None:
    """Set ``job.found_object`` of each job: its object, or None if the row or the model is gone."""
    by_type = defaultdict(list)
    for job in jobs:
        job.found_object = None  # type: ignore[attr-defined]
        if job.object_type and job.object_id is not None:
            by_type[job.object_type].append(job)
    for object_type, about in by_type.items():
        found = _by_key(object_type.model_class(), {job.object_id for job in about})
        for job in about:
            job.found_object = found.get(str(job.object_id))  # type: ignore[attr-defined]


def _by_key(model: type[models.Model] | None, keys: set[Any]) -> dict[str, models.Model]:
    if model is None:
        return {}
    manager = model._base_manager
    keys = {key for key in keys if fits(model, key)}
    try:
        # A savepoint, because an error of the database would end the transaction of the page.
        with transaction.atomic(using=manager.db):
            return {str(key): row for key, row in manager.in_bulk(keys).items()}
    except (DatabaseError, ValueError, OverflowError, ValidationError):
        return {}  # the table is gone, or the type of the model's key has changed since
