"""The change that a bulk action makes to a batch of jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connections

from pgjobs.choices import FINISHED
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.rows import statements

Jobs = JobQuerySet[Job]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkVerb:
    """A verb that changes all jobs of a selection, batch by batch."""

    changeable: Callable[[Jobs], Jobs]
    """Return the jobs that the verb can change."""
    change: Callable[..., int]
    """Change jobs, given as a query set and the options, and return their number."""
    options: frozenset[str] = frozenset()
    newest_first: bool = False


def bulk_verb(name: str, options: Mapping[str, Any]) -> BulkVerb:
    """Return the verb. Raises InvalidArgument if this code does not know it or its options."""
    verb = _VERBS.get(name)
    if verb is None:
        raise InvalidArgument(f"This version does not know the bulk action {name!r}.")
    if unknown := sorted(options.keys() - verb.options):
        raise InvalidArgument(f"This version does not know the option {unknown[0]!r} of {name!r}.")
    return verb


def _cancel(jobs: Jobs, *, keep_schedule: bool = False) -> int:
    return jobs.cancel(keep_schedule=keep_schedule)


def _retry(jobs: Jobs) -> int:
    return jobs.retry()


def _delete(jobs: Jobs) -> int:
    return jobs.finished().delete()[1].get(Job._meta.label, 0)


def _prune(jobs: Jobs) -> int:
    """Delete as ``prune()`` does: by the database alone, without Django's cascades and signals."""
    ids = jobs.order_by("pk").values_list("pk", flat=True)
    with connections[jobs.database].cursor() as cursor:
        return len(statements.delete(cursor, ids=ids, statuses=FINISHED))


_VERBS: Final[dict[str, BulkVerb]] = {
    "cancel": BulkVerb(
        changeable=JobQuerySet.live, change=_cancel, options=frozenset({"keep_schedule"})
    ),
    # Of several jobs that held one place, the newest takes it.
    "retry": BulkVerb(changeable=JobQuerySet.finished, change=_retry, newest_first=True),
    "delete": BulkVerb(changeable=JobQuerySet.finished, change=_delete),
    "prune": BulkVerb(changeable=JobQuerySet.finished, change=_prune),
}
