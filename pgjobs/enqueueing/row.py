"""From the arguments of ``enqueue()`` to the columns of a row, or to a clear refusal.

Nothing here writes: a wrong argument raises before any row exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

from pgjobs import codec, queues
from pgjobs.choices import JobNotification, JobStatus
from pgjobs.conf import get_settings
from pgjobs.enqueueing.interval import check_interval
from pgjobs.exceptions import InvalidArgument
from pgjobs.registry.meta import JobOptions
from pgjobs.registry.names import JobTarget, path_of
from pgjobs.registry.targets import check_target, is_job_class, options_of

NAME_LIMIT = 200
_SMALLINT = range(-32768, 32768)

# Options of RQ's enqueue() that NetBox code may pass and that never reached run() there.
# Taking them for arguments of run() would fail later, in the worker, and less clearly.
_RQ_OPTIONS = frozenset(
    "at_front depends_on failure_ttl job_id on_failure on_stopped on_success pipeline "
    "rate_limit repeat result_ttl ttl webhooks".split()
)


def row_for(
    target: Any,
    instance: models.Model | None = None,
    name: str = "",
    user: Any = None,
    schedule_at: datetime | None = None,
    interval: int | None = None,
    immediate: bool = False,
    queue_name: str | None = None,
    notifications: str | None = None,
    *,
    priority: int | None = None,
    timeout: int | None = None,
    max_attempts: int | None = None,
    meta: Mapping[str, Any] | None = None,
    job_timeout: int | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Return the values of a new row's columns, checked in NetBox's order.

    ``job_timeout`` is RQ's name for ``timeout``. ``kwargs`` go to ``run()``.
    """
    if schedule_at is not None and immediate:
        raise InvalidArgument("schedule_at and immediate can't be combined: the job runs now.")
    target = check_target(target)
    options = options_of(target)
    _refuse_rq_options(kwargs)
    return {
        **_object_columns(instance),
        "queue_name": _queue(queue_name, options, instance),
        **_schedule_columns(schedule_at, interval),
        "job_class": path_of(target),
        "name": _name(target, name),
        "user_id": _user_id(user),
        "notifications": _notifications(notifications),
        "priority": _whole("priority", priority, options.priority, _SMALLINT),
        "timeout": _whole(
            "timeout", job_timeout if timeout is None else timeout, options.timeout, range(1, 2**31)
        ),
        "max_attempts": _whole("max_attempts", max_attempts, options.max_attempts, range(1, 32768)),
        "meta": _meta(meta),
        "args": [],
        "kwargs": codec.encode(kwargs, "kwargs") if kwargs else {},
    }


def rows_for_many(
    target: Any, jobs: Iterable[Any], options: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``enqueue_many()``; the options are checked once, each item by itself."""
    if options.pop("immediate", False):
        raise InvalidArgument("immediate can't be combined with enqueue_many(): it only inserts.")
    shared = row_for(target, **options)
    mapped_by_model = options.get("queue_name") is None
    for index, item in enumerate(jobs):
        instance, kwargs = _many_item(item, index)
        row = shared
        if instance is not None:
            row = {**row, **_object_columns(instance)}
            if mapped_by_model:
                row["queue_name"] = _queue(None, options_of(check_target(target)), instance)
        if kwargs:
            row = {**row, "kwargs": {**shared["kwargs"], **codec.encode(kwargs, f"jobs[{index}]")}}
        yield row


def once_key(row: Mapping[str, Any]) -> str:
    """Return the place that a live ``enqueue_once`` job holds: its class, and its object if any."""
    if row["object_id"] is None:
        return str(row["job_class"])
    return f"{row['job_class']}:{row['object_type_id']}:{row['object_id']}"


def object_key(instance: models.Model) -> dict[str, Any]:
    """Return the columns that point at ``instance``."""
    content_type = ContentType.objects.get_for_model(instance, for_concrete_model=False)
    return {"object_type_id": content_type.pk, "object_id": str(instance.pk)}


def _many_item(item: Any, index: int) -> tuple[models.Model | None, dict[str, Any]]:
    match item:
        case models.Model():
            return item, {}
        case dict():
            return None, item
        case (models.Model() as instance, dict() as kwargs):
            return instance, kwargs
    raise InvalidArgument(
        f"jobs[{index}] must be a dict of arguments, a model instance, or a pair of both, "
        f"not {item!r:.80}."
    )


def _object_columns(instance: models.Model | None) -> dict[str, Any]:
    if instance is None:
        return {"object_type_id": None, "object_id": None}
    if not isinstance(instance, models.Model):
        raise InvalidArgument(f"instance must be a model instance, not {instance!r:.80}.")
    label = type(instance)._meta.label
    if instance.pk is None or instance._state.adding:
        raise InvalidArgument(f"instance is a {label} that was never saved; save it first.")
    if not getattr(instance, "supports_jobs", False):
        raise InvalidArgument(
            f"Jobs cannot be assigned to {label}: "
            "its model does not inherit pgjobs.models.JobsMixin."
        )
    return object_key(instance)


def _queue(queue_name: str | None, options: JobOptions, instance: models.Model | None) -> str:
    model = None if instance is None else type(instance)
    name = queue_name or options.queue or queues.get_queue_for_model(model)
    queues.check_known([name])
    return name


def _schedule_columns(schedule_at: datetime | None, interval: int | None) -> dict[str, Any]:
    if schedule_at is not None:
        if not isinstance(schedule_at, datetime):
            raise InvalidArgument(f"schedule_at must be a datetime, not {schedule_at!r}.")
        if timezone.is_naive(schedule_at):
            raise InvalidArgument(
                f"schedule_at {schedule_at.isoformat()} has no time zone; "
                "make it aware, for instance with django.utils.timezone.make_aware()."
            )
    return {
        "status": JobStatus.PENDING if schedule_at is None else JobStatus.SCHEDULED,
        "scheduled": schedule_at,
        "interval": None if interval is None else check_interval(interval),
    }


def _name(target: JobTarget, name: Any) -> str:
    if is_job_class(target):
        if name:
            raise InvalidArgument(
                f"name {name!r} was given to {target.__qualname__}; a BackgroundJob "
                "bears the name of its class, set in Meta.name."
            )
        return target.name
    if not isinstance(name, str) or not name:
        raise InvalidArgument(f"name must say what the function's job is called, not {name!r}.")
    if len(name) > NAME_LIMIT:
        raise InvalidArgument(f"name has {len(name)} characters; {NAME_LIMIT} are the limit.")
    return name


def _user_id(user: Any) -> Any:
    if user is None or not getattr(user, "is_authenticated", True):
        return None  # views pass request.user, which may be anonymous
    if getattr(user, "pk", None) is None:
        raise InvalidArgument(f"user must be a saved user, not {user!r:.80}.")
    return user.pk


def _notifications(notifications: str | None) -> str:
    value = notifications or get_settings().DEFAULT_NOTIFICATIONS
    if value not in JobNotification.values:
        raise InvalidArgument(
            f"notifications must be one of {', '.join(JobNotification.values)}, not {value!r}."
        )
    return value


def _whole(name: str, given: Any, otherwise: int | None, allowed: range) -> int | None:
    value = otherwise if given is None else given
    if value is None or (type(value) is int and value in allowed):
        return value
    raise InvalidArgument(
        f"{name} must be a whole number from {allowed[0]} to {allowed[-1]}, not {value!r}."
    )


def _meta(meta: Mapping[str, Any] | None) -> Any:
    if meta is not None and not isinstance(meta, Mapping):
        raise InvalidArgument(f"meta must be a dict, not {meta!r:.80}.")
    return None if meta is None else codec.encode(dict(meta), "meta")


def _refuse_rq_options(kwargs: Mapping[str, Any]) -> None:
    for option in kwargs:
        if option in _RQ_OPTIONS:
            raise InvalidArgument(
                f"{option}={kwargs[option]!r} is an option of RQ that pgjobs does not have. "
                "It never reached run() under RQ, so rename the argument if it is meant for run()."
            )
