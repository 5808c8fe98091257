"""The list of jobs, made for millions of rows: nothing here reads them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from pgjobs.choices import LIVE
from pgjobs.models import Job
from pgjobs.queues import known_queues
from pgjobs.registry.names import registered
from pgjobs.rows.columns import WIDE

COUNTED: Final = 10_000
"""Rows up to which a list is counted and paged."""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than it must; the rest is for filters and SQL."""

    @cached_property
    def count(self) -> int:
        return min(self._looked_at, COUNTED)

    @property
    def is_cut(self) -> bool:
        return self._looked_at > COUNTED

    @cached_property
    def _looked_at(self) -> int:
        rows: Any = self.object_list
        looked_at: int = rows.order_by().values("pk")[: COUNTED + 1].count()
        return looked_at


class JobChangeList(ChangeList):
    """Leaves wide columns in the database, and fetches the objects of a page's jobs by model."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> models.QuerySet[Any]:
        jobs = super().get_queryset(request, *args, **kwargs)
        return jobs.select_related(None).select_related("object_type").defer(*WIDE)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        jobs = list(self.result_list)
        find_objects(jobs)
        self.result_list = jobs


def find_objects(jobs: Iterable[Job]) -> None:
    """Give each job its object as ``found_object``; None if it is gone, or its model is."""
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
    try:
        return {str(key): row for key, row in model._base_manager.in_bulk(keys).items()}
    except (ValueError, ValidationError):  # the model's key changed its type since
        return {}


class _KnownValueFilter(admin.SimpleListFilter):
    """Offers what the code knows: asking the table for its distinct values would read all of it."""

    def known(self) -> Iterable[tuple[str, str]]:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        offered = dict(self.known())
        if chosen := self.value():
            offered.setdefault(chosen, chosen)
        return list(offered.items())

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        chosen = {str(self.parameter_name): self.value()}
        return queryset.filter(**chosen) if self.value() else queryset


class QueueFilter(_KnownValueFilter):
    title = _("queue")
    parameter_name = "queue_name"

    def known(self) -> Iterable[tuple[str, str]]:
        return ((name, name) for name in known_queues())


class JobClassFilter(_KnownValueFilter):
    title = _("job class")
    parameter_name = "job_class"

    def known(self) -> Iterable[tuple[str, str]]:
        return sorted(
            ((path, path.rpartition(".")[2]) for path in registered()), key=lambda x: x[1]
        )


class CreatedFilter(admin.DateFieldListFilter):
    """By date of creation, which no index has.

    But a job that was created since some moment is live, or finished since then:
    each of these an index knows.
    """

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        chosen: Any = super().queryset(request, queryset)
        since = self.used_parameters.get(self.lookup_kwarg_since)
        if not since:
            return chosen
        (moment, *_others) = since if isinstance(since, list) else [since]
        candidates = models.Q(completed__gte=moment)
        for status in LIVE:
            candidates |= models.Q(status=status)
        return chosen.filter(candidates)
