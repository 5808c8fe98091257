"""From the arguments of ``enqueue()`` to the columns of a row, or to a refusal.

Nothing here writes to the database. So a wrong argument raises before any row exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.contrib.contenttypes.models import ContentType
from django.db import models

from pgjobs import codec, queues
from pgjobs.choices import JobNotification, JobStatus
from pgjobs.conf import get_settings
from pgjobs.enqueueing import bounds
from pgjobs.exceptions import InvalidArgument
from pgjobs.registry.names import JobTarget, path_of
from pgjobs.registry.targets import check_target, is_job_class, options_of

# Options of RQ's enqueue() that NetBox code may pass. RQ does not hand them to run(). If pgjobs
# took them for arguments of run(), the job would fail later, in the worker.
_RQ_OPTIONS: Final = frozenset(
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
    """Return the values of a new row's columns.

    ``job_timeout`` is RQ's name for ``timeout``. ``kwargs`` go to ``run()``. The arguments
    are checked in NetBox's order. Raises InvalidArgument for the first wrong one.
    """
    if schedule_at is not None and immediate:
        raise InvalidArgument("schedule_at and immediate can't be combined: the job runs now.")
    target = check_target(target)
    _refuse_rq_options(kwargs)
    return {
        **object_columns(instance),
        "queue_name": queue_for(target, instance, queue_name),
        **_schedule_columns(schedule_at, interval),
        "job_class": path_of(target),
        "name": _name(target, name),
        "user_id": _user_id(user),
        "notifications": _notifications(notifications),
        **_limits(target, priority, job_timeout if timeout is None else timeout, max_attempts),
        "meta": _meta(meta),
        "args": [],
        "kwargs": codec.encode(kwargs, "kwargs") if kwargs else {},
    }


def queue_for(
    target: JobTarget, instance: models.Model | None, queue_name: str | None = None
) -> str:
    """Return the queue of a new job.

    This is ``queue_name``. If it is not given, it is ``Meta.queue``, and without this option the
    queue that ``QUEUE_MAPPINGS`` gives the model of ``instance``. Raises InvalidArgument if
    this queue does not exist.
    """
    model = None if instance is None else type(instance)
    name = queue_name or options_of(target).queue or queues.get_queue_for_model(model)
    queues.check_known([name])
    return name


def object_columns(instance: models.Model | None) -> dict[str, Any]:
    """Return the columns that point at the object of a new job, which may have none.

    Raises InvalidArgument for an object that was never saved, and for an object of a model
    that does not inherit ``JobsMixin``.
    """
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


def object_key(instance: models.Model) -> dict[str, Any]:
    """Return the columns that point at ``instance``, for a new row or for a filter of jobs.

    Nothing is checked.
    """
    content_type = ContentType.objects.get_for_model(instance, for_concrete_model=False)
    return {"object_type_id": content_type.pk, "object_id": str(instance.pk)}


def _schedule_columns(schedule_at: datetime | None, interval: int | None) -> dict[str, Any]:
    if interval is not None:
        interval = bounds.check_interval(interval)
    if schedule_at is not None:
        bounds.check_schedule_at(schedule_at, interval)
    return {
        "status": JobStatus.PENDING if schedule_at is None else JobStatus.SCHEDULED,
        "scheduled": schedule_at,
        "interval": interval,
    }


def _name(target: JobTarget, name: Any) -> str:
    if is_job_class(target):
        if name:
            raise InvalidArgument(
                f"name {name!r} was given to {target.__qualname__}; a BackgroundJob "
                "has the name of its class; set it in Meta.name."
            )
        return str(target.name)
    if not isinstance(name, str) or not name:
        raise InvalidArgument(f"A function needs a name such as name='Send report', not {name!r}.")
    if len(name) > bounds.NAME_LIMIT:
        raise InvalidArgument(
            f"name has {len(name)} characters; at most {bounds.NAME_LIMIT} are allowed."
        )
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


def _limits(
    target: JobTarget, priority: int | None, timeout: int | None, max_attempts: int | None
) -> dict[str, int | None]:
    """Return the columns of the given numbers; a number that is None becomes the Meta option.

    Raises InvalidArgument for a number beyond its bounds.
    """
    options = options_of(target)
    priority = options.priority if priority is None else priority
    timeout = options.timeout if timeout is None else timeout
    max_attempts = options.max_attempts if max_attempts is None else max_attempts
    return {
        "priority": bounds.check_priority(priority),
        "timeout": None if timeout is None else bounds.check_timeout(timeout),
        "max_attempts": bounds.check_max_attempts(max_attempts),
    }


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
