"""From the arguments of ``enqueue()`` to the columns of a row, or to a refusal.

Nothing here writes to the database. So a wrong argument raises before any row exists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db import models
from django.utils.functional import Promise

from pgjobs import codec, queues
from pgjobs.choices import JobStatus
from pgjobs.conf import get_settings
from pgjobs.enqueueing import arguments as arguments_of_run
from pgjobs.enqueueing import bounds
from pgjobs.enqueueing.plain_options import check_meta, check_notifications, check_text
from pgjobs.enqueueing.references import model_of, object_columns, user_key
from pgjobs.exceptions import InvalidArgument
from pgjobs.registry.meta import NAME_LIMIT, is_name
from pgjobs.registry.names import JobTarget, path_of
from pgjobs.registry.targets import check_target, is_job_class, name_of, options_of
from pgjobs.showing import brief

# Options of RQ's enqueue() that NetBox code may pass. RQ does not hand them to run(). If pgjobs
# took them for arguments of run(), the job would fail later, in the worker.
_RQ_OPTIONS: Final = frozenset(
    "at_front depends_on failure_ttl job_id on_failure on_stopped on_success pipeline "
    "rate_limit repeat result_ttl ttl webhooks".split()
)


def row_for(
    target: Any,
    about: models.Model | None = None,
    check: Callable[[JobTarget, Mapping[str, Any]], None] = arguments_of_run.check_all,
    /,
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
    arguments: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Return the values of a new row's columns.

    The object is given by position, ``about``, or as ``instance``. ``job_timeout`` is RQ's name
    for ``timeout``. ``arguments`` and ``kwargs`` go to ``run()``; ``check`` says whether it takes
    their names. The options are checked in NetBox's order. Raises InvalidArgument for the first
    wrong one.
    """
    if schedule_at is not None and immediate:
        raise InvalidArgument("schedule_at and immediate can't be combined: the job runs now.")
    target = check_target(target)
    _refuse_options_of_rq(kwargs)
    arguments_of_run.check_options(target, kwargs)
    given = arguments_of_run.gathered(arguments, kwargs)
    check(target, given)
    instance = _one_object(about, instance)
    return {
        **object_columns(instance),
        "queue_name": queue_for(target, instance, queue_name),
        **_schedule_columns(schedule_at, interval),
        "job_class": path_of(target),
        "name": _name(target, name),
        "user_id": user_key(user),
        "notifications": _notifications(notifications),
        **_limits(target, priority, job_timeout if timeout is None else timeout, max_attempts),
        "meta": check_meta(meta),
        "args": [],
        "kwargs": codec.encode(given, "kwargs") if given else {},
    }


def row_for_call(job_class: Any, args: Any, kwargs: Any, **options: Any) -> dict[str, Any]:
    """Do the same as `row_for`, for ``args`` by position and ``kwargs`` by name."""
    check = partial(arguments_of_run.check_call, args)
    row = row_for(job_class, None, check, arguments=kwargs, **options)
    row["args"] = codec.encode(args, "args")
    return row


def queue_for(
    target: JobTarget, instance: models.Model | None, queue_name: str | None = None
) -> str:
    """Return the queue of a new job.

    This is ``queue_name``. If it is not given, it is ``Meta.queue``, and without this option the
    queue that ``QUEUE_MAPPINGS`` gives the model of ``instance``. Raises InvalidArgument if
    this queue does not exist.
    """
    model = None if instance is None else model_of(instance)
    name = check_text("queue_name", queue_name) or options_of(target).queue
    name = name or queues.get_queue_for_model(model)
    queues.check_known([name])
    return name


def _one_object(about: Any, instance: Any) -> Any:
    if about is None:
        return instance
    if instance is None:
        return about
    raise InvalidArgument(
        f"instance={brief(instance)} was given beside the object {brief(about)}. "
        "instance names the object of the job; call the argument of run() otherwise."
    )


def _schedule_columns(schedule_at: datetime | None, interval: int | None) -> dict[str, Any]:
    if interval is not None:
        interval = bounds.check_interval(interval)
    if schedule_at is not None:
        schedule_at = bounds.check_schedule_at(schedule_at, interval)
    return {
        "status": JobStatus.PENDING if schedule_at is None else JobStatus.SCHEDULED,
        "scheduled": schedule_at,
        "interval": interval,
    }


def _name(target: JobTarget, given: Any) -> str:
    if own := name_of(target):
        if not (given is None or (isinstance(given, str) and given == "")):
            raise InvalidArgument(_named_already(target, given))
        given = own
        if isinstance(given, str):  # checked where the class or the function was made
            return given
    name = str(given) if isinstance(given, str | Promise) else given
    if not isinstance(name, str) or not name:
        raise InvalidArgument(
            f"A function needs a name such as name='Send report', not {brief(name)}."
        )
    if not is_name(name):
        raise InvalidArgument(
            f"name {brief(name)} has {len(name)} characters; at most {NAME_LIMIT} are allowed, "
            "without NUL and lone surrogates."
        )
    return name


def _named_already(target: JobTarget, given: Any) -> str:
    told = f"name {brief(given)} was given to {target.__qualname__}; "
    if is_job_class(target):
        return f"{told}a BackgroundJob has the name of its class; set it in Meta.name."
    return f"{told}all its jobs have the name of the function; set it by @job(name=…)."


def _notifications(notifications: str | None) -> str:
    given = check_notifications(notifications)
    # The default is checked too: its setting may be wrong.
    return given or check_notifications(get_settings().DEFAULT_NOTIFICATIONS) or ""


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


def _refuse_options_of_rq(kwargs: Mapping[str, Any]) -> None:
    for option in kwargs:
        if option in _RQ_OPTIONS:
            raise InvalidArgument(
                f"{option}={brief(kwargs[option])} is an option of RQ that pgjobs does not have. "
                "It never reached run() under RQ. If it is meant for run(), write "
                f"arguments={{{option!r}: …}}."
            )
