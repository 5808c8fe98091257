"""The list of jobs, for tables of millions of rows: no query here reads them all."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import DataError, models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from pgjobs.choices import LIVE
from pgjobs.models.job_objects import find_objects
from pgjobs.queues import known_queues
from pgjobs.registry.names import registered
from pgjobs.rows.columns import WIDE

COUNTED: Final = 10_000
"""Largest number of rows that a list counts and shows in pages."""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts at most `COUNTED` rows. People reach older jobs by filters, by search or in SQL."""

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


class TextChangeList(ChangeList):
    """Refuses an address with a value that can't be compared: Django then shows the whole list."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> models.QuerySet[Any]:
        # PostgreSQL can compare no text with a NUL character.
        if any("\x00" in value for _name, values in request.GET.lists() for value in values):
            raise IncorrectLookupParameters("A NUL character is not text.")
        # Django would take each character of the text for an end of the range.
        if any(name.endswith("__range") for name in request.GET):
            raise IncorrectLookupParameters("A text is not the two ends of a range.")
        return super().get_queryset(request, *args, **kwargs)

    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
        except (DataError, ValueError, OverflowError) as error:
            # Django finds out only now that a filter's value is, for instance, no year.
            raise IncorrectLookupParameters(error) from None


class JobChangeList(TextChangeList):
    """Reads no wide columns, and the objects of a page's jobs with one query for each model."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> models.QuerySet[Any]:
        jobs = super().get_queryset(request, *args, **kwargs)
        return jobs.select_related(None).select_related("object_type").defer(*WIDE)

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        jobs = list(self.result_list)
        find_objects(jobs)
        self.result_list = jobs


class _KnownValueFilter(admin.SimpleListFilter):
    """Offers the values that the code knows.

    Django's own filter would ask the table for its distinct values, and so read all of it.
    """

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
    """Filters by date of creation, with the help of indexes on other columns.

    No index has the date of creation. A job that was created since some moment is live, or it has
    finished since that moment. For both there is an index.
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
