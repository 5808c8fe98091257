"""What goes with a deleted job: rows of the project may refer to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models, router
from django.db.models.deletion import Collector, ProtectedError, RestrictedError
from django.http import HttpRequest

from pgjobs.models import Job, JobLogEntry
from pgjobs.pages.keeping import may_delete
from pgjobs.rows.failure import shown


@dataclass(frozen=True, slots=True)
class Along:
    """The rows that go with a job, or that keep it."""

    counts: dict[str, int] = field(default_factory=dict)
    """The number of rows of each model of the project."""
    forbidden: list[str] = field(default_factory=list)
    """The models of which the user may delete no row."""
    keeping: list[str] = field(default_factory=list)
    """The rows that forbid the deletion."""

    @property
    def is_allowed(self) -> bool:
        return not (self.forbidden or self.keeping)


def taken_along(request: HttpRequest, job: Job) -> Along:
    """Return what Django would delete with ``job``, its log apart."""
    collector = Collector(using=router.db_for_write(Job), origin=job)
    try:
        collector.collect([job])
    except ProtectedError as error:
        return Along(keeping=_texts(error.protected_objects))
    except RestrictedError as error:
        return Along(keeping=_texts(error.restricted_objects))
    others = Counter(dict(_others(collector)))
    counts = {str(model._meta.verbose_name_plural): count for model, count in others.items()}
    kept = [model for model in others if not may_delete(request.user, model)]
    forbidden = [str(model._meta.verbose_name) for model in kept]
    return Along(counts, forbidden)


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
    return [f"{row._meta.verbose_name}: {shown(row, str)}" for row in rows]
