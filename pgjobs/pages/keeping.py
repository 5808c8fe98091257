"""Rows of the project that go with deleted jobs, and that the user may not delete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_permission_codename
from django.db import models
from django.db.models.deletion import get_candidate_relations_to_delete

from pgjobs.models import Job, JobLogEntry
from pgjobs.models.job_queryset import JobQuerySet


def kept_by(user: Any, jobs: JobQuerySet[Job]) -> list[str]:
    """Return the names of the models whose rows keep ``jobs`` from being deleted by ``user``."""
    found = {rows.model for rows in _along(jobs) if not may_delete(user, rows.model)}
    return sorted(str(model._meta.verbose_name_plural) for model in found)


def may_delete(user: Any, model: Any) -> bool:
    """Return whether ``user`` may delete rows of ``model`` that go with a job."""
    if model in (Job, JobLogEntry):  # a log line always goes with its job
        return True
    if model._meta.auto_created:  # a table between two models has no permissions of its own
        return True
    name = get_permission_codename("delete", model._meta)
    return bool(user.has_perm(f"{model._meta.app_label}.{name}"))


def _along(jobs: Any) -> Iterator[Any]:
    """Yield the rows that Django deletes with ``jobs``, then the rows that go with these, and on.

    The keys of rows are read only if their model is met again. So a circle of relations ends.
    """
    met: dict[Any, set[Any]] = {jobs.model: set()}
    todo = [jobs]
    while todo:
        for rows in _hanging_on(todo.pop()):
            if not rows.exists():
                continue
            yield rows
            if rows.model not in met:
                met[rows.model] = set()
                todo.append(rows)
            elif new := set(rows.values_list("pk", flat=True)) - met[rows.model]:
                met[rows.model] |= new
                todo.append(_all(rows.model, rows.db).filter(pk__in=new))


def _hanging_on(rows: Any) -> Iterator[Any]:
    """Yield the rows that go with ``rows`` at once, as Django's collector finds them."""
    options = rows.model._meta
    relations: Any = get_candidate_relations_to_delete(options)
    for relation in relations:
        model = relation.related_model
        if model is not JobLogEntry and relation.on_delete is models.CASCADE:
            yield _all(model, rows.db).filter(**{f"{relation.field.name}__in": rows})
    for field in options.private_fields:
        if hasattr(field, "bulk_related_objects"):  # a generic relation
            yield field.bulk_related_objects(rows, rows.db)
    for parent, link in options.concrete_model._meta.parents.items():
        if link is not None:  # a row of a child model goes with the row of its parent
            yield _all(parent, rows.db).filter(pk__in=rows.values(link.attname))


def _all(model: Any, using: str) -> Any:
    return model._base_manager.using(using)
