"""``Job`` with NetBox's shapes. The table and ``pgjobs.models.Job`` are unchanged."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.apps.registry import Apps
from django.db import models
from django.db.models.sql import Query

from pgjobs import models as plain
from pgjobs.access import is_whole, visible_to
from pgjobs.enqueueing.row import row_for
from pgjobs.exceptions import InvalidArgument
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.netbox.requests import refuse_requests
from pgjobs.registry.meta import NAME_LIMIT, is_name
from pgjobs.registry.targets import check_target, is_job_class
from pgjobs.showing import brief


class _QueryByJobId(Query):
    """Takes ``job_id`` for the primary key: in filters, in ``Q`` and ``F``, in orders, in values.

    ``job_id`` is no column: see `pgjobs.models.Job.job_id`.
    """

    def names_to_path(self, names: Any, opts: Any, *args: Any, **kwargs: Any) -> Any:
        is_key = names[:1] == ["job_id"] and opts.concrete_model is plain.Job
        return super().names_to_path(["pk", *names[1:]] if is_key else names, opts, *args, **kwargs)


class NetBoxJobQuerySet(JobQuerySet[Any]):
    """Adds NetBox's ``restrict()``, lookups by ``job_id``, and names for jobs of a class."""

    def __init__(
        self,
        model: Any = None,
        query: Query | None = None,
        using: str | None = None,
        hints: Any = None,
    ) -> None:
        query = _QueryByJobId(model) if query is None else query
        super().__init__(model, query, using, hints)

    def restrict(self, user: Any, action: str = "view") -> NetBoxJobQuerySet:
        """Return the jobs that ``user`` may see, if the user has the permission for ``action``.

        ``PGJOBS["VISIBLE_JOBS"]`` decides which jobs these are.
        """
        if not user.has_perm(f"pgjobs.{action}_job"):
            return self.none()
        seen = visible_to(user)
        return self if is_whole(seen) else self.filter(pk__in=seen.values("pk"))

    def enqueue(
        self,
        target: Any,
        instance: models.Model | None = None,
        /,
        *,
        name: str = "",
        immediate: bool = False,
        **options: Any,
    ) -> Any:
        refuse_requests(options)
        has_own_name = is_job_class(check_target(target))
        options["name"] = "" if has_own_name else name
        row = row_for(target, instance, immediate=immediate, **options)
        if has_own_name and name:
            row["name"] = _checked(name)
        return self.enqueue_row(row, immediate=immediate)

    def only(self, *fields: str) -> Any:
        return super().only(*("pk" if name == "job_id" else name for name in fields))

    def defer(self, *fields: Any) -> Any:
        return super().defer(*(name for name in fields if name != "log_entries"))


class LogEntries(list[dict[str, Any]]):
    """The log of a job as a list of dicts, with the methods of the query set of its rows.

    Receivers of ``job_end`` get the job of a `JobRunner` as NetBox's, and may have been written for
    `pgjobs.models.Job`.
    """

    def __init__(self, rows: Any) -> None:
        super().__init__(rows.order_by("pk").values("level", "message", "timestamp"))
        self._rows = rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_rows"], name)

    def count(self, *entry: Any) -> int:
        """Return the number of lines, or of those that are equal to ``entry``."""
        return super().count(*entry) if entry else len(self)


class Job(plain.Job):
    """A job as code for NetBox reads it."""

    objects: ClassVar[NetBoxJobQuerySet] = NetBoxJobQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        proxy = True
        app_label = "pgjobs"
        # A registry of its own: migrations and content types know the model `pgjobs.Job` alone.
        apps = Apps()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "job_id" in kwargs:
            raise InvalidArgument(
                f"Job(job_id={brief(kwargs['job_id'])}) makes a row that no worker would run as "
                "meant. Write Job.enqueue(func, instance, name=…), which inserts the row and "
                "returns it; job.job_id is its primary key."
            )
        super().__init__(*args, **kwargs)

    @property
    def log_entries(self) -> Any:  # type: ignore[override]
        """The lines of the log, oldest first: dicts of ``level``, ``message`` and ``timestamp``.

        The list also has the methods of ``pgjobs.models.Job.log_entries``, such as ``all()``.
        """
        return LogEntries(plain.JobLogEntry.objects.using(self._state.db).filter(job=self.pk))


def as_netbox_job(job: Any) -> Job:
    """Return the same instance, as a `Job` of NetBox."""
    if type(job) is plain.Job:
        job.__class__ = Job
    return cast(Job, job)


def _checked(name: Any) -> str:
    if not is_name(name):
        raise InvalidArgument(
            f"name must be a text of at most {NAME_LIMIT} characters, not {brief(name)}."
        )
    return str(name)
