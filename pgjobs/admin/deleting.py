"""What a deletion in the admin takes along: rows of the project may refer to jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.db import models, router
from django.db.models.deletion import Collector, ProtectedError, RestrictedError
from django.http import HttpRequest

from pgjobs.admin.display import named
from pgjobs.models import Job, JobLogEntry
from pgjobs.steering.actor import Actor
from pgjobs.steering.journal import acting


class JournalledDeletion(admin.ModelAdmin):  # type: ignore[type-arg]
    """Writes the deletions of jobs into the journal."""

    def delete_model(self, request: HttpRequest, obj: Job) -> None:
        with acting("delete", by=Actor.user(request.user), jobs=[obj.pk]) as act:
            obj.delete()
            act.done = 1

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Job]) -> None:
        ids = list(queryset.values_list("pk", flat=True))
        with acting("delete", by=Actor.user(request.user), jobs=ids) as act:
            act.counted = len(ids)
            act.done = queryset.delete()[1].get(Job._meta.label, 0)


def deleted_with(
    jobs: Any, request: HttpRequest, site: admin.AdminSite
) -> tuple[list[str], dict[str, int], set[str], list[str]]:
    """Return what Django's ``get_deleted_objects()`` returns, without a name for each log line.

    These are the names of the jobs; the number of rows of each model that go with them; the models
    of which the user may delete no row; and the rows that forbid the deletion.
    """
    names = [f"{job.pk}: {job.name}" for job in jobs]
    counts = {str(Job._meta.verbose_name_plural): len(names)}
    collector = Collector(using=router.db_for_write(Job), origin=jobs)
    try:
        collector.collect(jobs)
    except ProtectedError as error:
        return names, counts, set(), _texts(error.protected_objects)
    except RestrictedError as error:
        return names, counts, set(), _texts(error.restricted_objects)
    others = Counter(dict(_others(collector)))
    counts |= {str(model._meta.verbose_name_plural): count for model, count in others.items()}
    forbidden = {
        str(model._meta.verbose_name)
        for model in others
        if site.is_registered(model)
        and not site.get_model_admin(model).has_delete_permission(request)
    }
    return names, counts, forbidden, []


def _others(collector: Collector) -> Iterator[tuple[type[models.Model], int]]:
    """Yield the models of the project whose rows go too, with the number of the rows."""
    found: list[tuple[Any, int]] = [(model, len(rows)) for model, rows in collector.data.items()]
    # Rows that no signal watches are not read. A log line always goes with its job.
    found += [
        (rows.model, rows.count())
        for rows in collector.fast_deletes
        if rows.model is not JobLogEntry
    ]
    for model, count in found:
        if model not in (Job, JobLogEntry) and count:
            yield model, count


def _texts(rows: Iterable[models.Model]) -> list[str]:
    return [f"{row._meta.verbose_name}: {named(row)}" for row in rows]
