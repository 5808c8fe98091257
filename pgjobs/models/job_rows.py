"""The rows of a query set of jobs: which they are, and how several of them are locked."""

from __future__ import annotations

from typing import Any, Self, TypeVar

from django.db import models, router

from pgjobs.choices import FINISHED, LIVE, WAITING
from pgjobs.enqueueing.references import model_instance, object_key
from pgjobs.rows.rivalry import in_transaction

J = TypeVar("J", bound=models.Model)


class JobRows(models.QuerySet[J]):
    """The base of ``JobQuerySet``: its filters and its locks."""

    # Filters ------------------------------------------------------------------------

    def waiting(self) -> Self:
        """Return the jobs that are pending or scheduled."""
        return self.filter(status__in=WAITING)

    def live(self) -> Self:
        """Return the jobs that are pending, scheduled or running."""
        return self.filter(status__in=LIVE)

    def finished(self) -> Self:
        """Return the jobs that are completed, errored, failed or cancelled."""
        return self.filter(status__in=FINISHED)

    def for_object(self, instance: models.Model) -> Self:
        """Return the jobs that are about ``instance``. Raises InvalidArgument for no object."""
        return self.filter(**object_key(model_instance(instance)))

    # Locking ------------------------------------------------------------------------

    def lock(self) -> None:
        """Lock these jobs until the end of the transaction, in the order of their ids."""
        in_transaction(self.database, lambda: list(self._in_order().values_list("pk")))

    def _in_order(self, *, to_delete: bool = False) -> Self:
        """Return these jobs by id; reading them locks them in this order. See ``rows.rivalry``."""
        jobs = self.using(self.database)
        query = self.query
        if query.distinct or query.combinator or query.count_active_tables() > 1:
            # PostgreSQL locks no such rows, or rows of the joined tables as well.
            # With DISTINCT ON, the order decides which rows these are.
            chosen = jobs if query.distinct_fields else jobs.order_by()
            jobs = self._everything().filter(pk__in=chosen.values("pk"))
        return jobs.order_by("pk").select_for_update(no_key=not to_delete)

    def _update_in_order(self, **columns: Any) -> int:
        """Update these jobs, locked in the order of their ids; return their number.

        A job that changes while its lock is waited for is updated only if it still belongs to these
        jobs.
        """
        jobs = self._everything().filter(pk__in=self._in_order().values("pk")).order_by()
        return in_transaction(self.database, lambda: jobs.update(**columns))

    def _everything(self) -> Self:
        """Return all jobs of the database that is written to."""
        return type(self)(self.model, using=self.database)

    def _only(self, job: Any) -> Self:
        return self._everything().filter(pk=job.pk).order_by()

    @property
    def database(self) -> str:
        """The database that these jobs are written to."""
        return self._db or router.db_for_write(self.model)  # type: ignore[attr-defined]
