"""``Job`` with NetBox's shapes. The table and ``pgjobs.models.Job`` are unchanged."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.apps.registry import Apps
from django.db import models

from pgjobs import models as plain
from pgjobs.access import is_whole, visible_to
from pgjobs.enqueueing.row import row_for
from pgjobs.exceptions import InvalidArgument
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.netbox.requests import refuse_requests
from pgjobs.registry.meta import NAME_LIMIT, is_name
from pgjobs.registry.targets import check_target, is_job_class
from pgjobs.showing import brief


class NetBoxJobQuerySet(JobQuerySet[Any]):
    """Adds NetBox's ``restrict()``, lookups by ``job_id``, and names for jobs of a class."""

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

    def _filter_or_exclude(self, negate: bool, args: Any, kwargs: dict[str, Any]) -> Any:
        lookups = {_by_key(lookup): value for lookup, value in kwargs.items()}
        return super()._filter_or_exclude(negate, args, lookups)  # type: ignore[misc]


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
        """The lines of the log, oldest first: dicts of ``level``, ``message`` and ``timestamp``."""
        lines = plain.JobLogEntry.objects.using(self._state.db).filter(job=self.pk)
        return [*lines.order_by("pk").values("level", "message", "timestamp")]


def as_netbox_job(job: Any) -> Job:
    """Return the same instance, as a `Job` of NetBox."""
    if type(job) is plain.Job:
        job.__class__ = Job
    return cast(Job, job)


def _by_key(lookup: str) -> str:
    name, separator, rest = lookup.partition("__")
    return f"pk{separator}{rest}" if name == "job_id" else lookup


def _checked(name: Any) -> str:
    if not is_name(name):
        raise InvalidArgument(
            f"name must be a text of at most {NAME_LIMIT} characters, not {brief(name)}."
        )
    return str(name)
