"""Which jobs a verb is about: ids, or the filters that all verbs share."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models, router
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from pgjobs import access, codec
from pgjobs.choices import JobStatus
from pgjobs.cli.verb import refuse
from pgjobs.enqueueing.references import object_key
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.registry.names import registered

_SPAN: Final = re.compile(r"(\d+)\s*(s|m|h|d|w)")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def add_filters(parser: ArgumentParser) -> None:
    """Declare the filters. Given several, a job has to pass all of them."""
    filters = parser.add_argument_group("filters")
    filters.add_argument("ids", nargs="*", type=int, metavar="ID", help="the id of a job")
    filters.add_argument(
        "--status",
        action="append",
        choices=JobStatus.values,
        default=[],
        metavar="STATUS",
        help=f"{', '.join(JobStatus.values)}; the option can be repeated",
    )
    filters.add_argument("--queue", metavar="QUEUE", help="jobs of this queue")
    filters.add_argument(
        "--class",
        dest="job_class",
        metavar="PATH",
        help="jobs of this class; the end of its dotted path is enough",
    )
    filters.add_argument("--object", metavar="APP.MODEL:KEY", help="jobs about this object")
    filters.add_argument("--worker", type=int, metavar="ID", help="jobs that this worker took last")
    filters.add_argument(
        "--since",
        metavar="SPAN",
        help="jobs created in this time, such as 90s, 15m, 2h, 3d or 1w, or since this moment",
    )
    filters.add_argument("--ended", metavar="SPAN", help="jobs that ended in this time")
    filters.add_argument(
        "--arg",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="jobs with this argument; the option can be repeated",
    )
    filters.add_argument(
        "--error", metavar="TEXT", help="jobs whose error holds this text, in either case"
    )


def is_filtered(options: dict[str, Any]) -> bool:
    """Return whether any filter is given."""
    return any(options[name] not in (None, []) for name in (*_CONDITIONS, "arg"))


def all_jobs() -> JobQuerySet[Job]:
    """Return all jobs, as the database that is written to has them: a replica may be late."""
    return Job.objects.using(router.db_for_write(Job))


def selected(options: dict[str, Any]) -> JobQuerySet[Job]:
    """Return the jobs that pass the filters, the newest first. Raises CommandError."""
    jobs = all_jobs().order_by("-pk")
    for name, condition in _CONDITIONS.items():
        if options[name] not in (None, []):
            jobs = jobs.filter(condition(options[name]))
    return jobs.filter(_with_arguments(options)) if options["arg"] else jobs


def named_object(text: str) -> models.Model:
    """Return an instance with the key of ``app.model:key``; nothing is read from the database.

    Raises CommandError for a model that does not exist and for a key that its model can't have.
    """
    label, colon, key = text.partition(":")
    try:
        model: type[models.Model] = apps.get_model(label)
        if not (colon and key):
            raise ValueError("no key")
        return model(pk=model._meta.pk.to_python(key))
    except (LookupError, ValueError, ValidationError):
        raise refuse(
            f"--object must be written as app.model:key, such as network.site:7, not {text!r}."
        ) from None


def _classes(end: str) -> list[str]:
    """Return the registered job classes that end so; otherwise ``end`` itself, if it is a path.

    The jobs of a class that is gone can be found by its whole path.
    """
    found = classes_by_end(end)
    if not found and "." not in end:
        raise refuse(f"--class {end!r} ends no registered path: {', '.join(sorted(registered()))}.")
    return found or [end]


def classes_by_end(end: str) -> list[str]:
    """Return the registered job classes and functions whose dotted paths end in ``end``."""
    return [path for path in registered() if f".{path}".endswith(f".{end}")]


def _argument(text: str) -> tuple[str, Any]:
    """Return the name and the value of ``name=value``; a value that is no JSON is a text."""
    name, equals, value = _text("arg", text).partition("=")
    if not (name and equals):
        raise refuse(f"--arg must be written as name=value, not {text!r}.")
    return name, access.typed(f"--arg {name}", value)


def _with_arguments(options: dict[str, Any]) -> Q:
    classes = _classes(_text("class", options["job_class"])) if options["job_class"] else None
    try:
        return access.with_arguments(dict(map(_argument, options["arg"])), classes)
    except InvalidArgument as error:
        raise refuse(str(error)) from None


def moment(option: str, text: str, *, ahead: bool = False) -> datetime:
    """Return the moment that ``text`` means: a span back or ``ahead`` from now, or ISO 8601.

    Raises CommandError for any other text.
    """
    try:
        if _SPAN.fullmatch(text):
            return timezone.now() + (1 if ahead else -1) * span(option, text)
        parsed = parse_datetime(text)
    except (ValueError, OverflowError):
        parsed = None
    if parsed is None:
        raise refuse(
            f"--{option} must be a span such as 90s, 15m, 2h, 3d or 1w, or a moment such as "
            f"2026-01-31T12:00+01:00, not {text!r}."
        )
    return timezone.make_aware(parsed) if timezone.is_naive(parsed) else parsed


def span(option: str, text: str) -> timedelta:
    """Return the span of time that ``text`` means. Raises CommandError for any other text."""
    found = _SPAN.fullmatch(text)
    try:
        if found is not None:
            return timedelta(**{_UNITS[found[2]]: int(found[1])})
    except (ValueError, OverflowError):
        pass
    raise refuse(f"--{option} must be a span such as 90s, 15m, 2h, 3d or 1w, not {text!r}.")


def _text(option: str, text: str) -> str:
    try:
        return codec.text(text, f"--{option}")
    except InvalidArgument as error:
        raise refuse(str(error)) from None


_CONDITIONS: Final[dict[str, Callable[[Any], Q]]] = {
    "ids": lambda ids: Q(pk__in=ids),
    "status": lambda statuses: Q(status__in=statuses),
    "queue": lambda name: Q(queue_name=_text("queue", name)),
    "job_class": lambda end: Q(job_class__in=_classes(_text("class", end))),
    "object": lambda text: Q(**object_key(named_object(text))),
    "worker": lambda worker: Q(worker=worker),
    "since": lambda text: Q(created__gte=moment("since", text)),
    "ended": lambda text: Q(completed__gte=moment("ended", text)),
    "error": lambda text: Q(error__icontains=_text("error", text)),
}
"""The condition of each filter, from the value of its option."""
