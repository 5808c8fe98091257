"""What is wrong with an entry of ``TASKS``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from pgjobs import queues
from pgjobs.jobs.options import check_numbers
from pgjobs.registry.meta import JobOptions
from pgjobs.showing import brief, did_you_mean
from pgjobs.tasks.definition import META
from pgjobs.tasks.framework import BaseTaskBackend


def problems(backend: BaseTaskBackend) -> Iterator[CheckMessage]:
    """E020 to E022: pgjobs is not installed; a queue or an option does not exist or is wrong."""
    entry = f"TASKS[{backend.alias!r}]"
    if not apps.is_installed("pgjobs"):
        yield Error(
            f"{entry} uses PgJobsBackend, but 'pgjobs' is not in INSTALLED_APPS.",
            hint="Add 'procrastinate.contrib.django' and 'pgjobs' to INSTALLED_APPS.",
            id="pgjobs.E020",
        )
        return
    yield from _unknown_queues(backend, entry)
    for option in backend.options:
        if option not in META:
            yield Error(
                f"{entry}['OPTIONS'] has {option!r}, which is not an option."
                f"{did_you_mean(option, META)}",
                hint=f"The options are: {', '.join(META)}.",
                id="pgjobs.E022",
            )
    if refusal := wrong_default(backend):
        yield Error(refusal, id="pgjobs.E022")


def wrong_default(backend: BaseTaskBackend) -> str | None:
    """Return what is wrong with a value in ``OPTIONS``, or None."""
    entry = f"TASKS[{backend.alias!r}]['OPTIONS']"
    defaults = {name: value for name, value in backend.options.items() if name in META}
    try:
        check_numbers(JobOptions.of_function(entry, defaults, META), f"{entry}: ")
    except TypeError as refusal:
        return str(refusal)
    return None


def check_kinds(alias: str, entry: Mapping[str, Any]) -> None:
    """Raise ImproperlyConfigured if ``QUEUES`` is no list or ``OPTIONS`` no dict.

    Django would fail by them as it makes the backend, before any check.
    """
    allowed = entry.get("QUEUES", ())
    if not isinstance(allowed, list | tuple | set | frozenset):
        raise ImproperlyConfigured(
            f"TASKS[{alias!r}]['QUEUES'] must be a list of queues, such as ['default'], "
            f"not {brief(allowed)}. An empty list allows each queue."
        )
    options = entry.get("OPTIONS", {})
    if not isinstance(options, Mapping):
        raise ImproperlyConfigured(
            f"TASKS[{alias!r}]['OPTIONS'] must be a dict of options, not {brief(options)}."
        )


def _unknown_queues(backend: BaseTaskBackend, entry: str) -> Iterator[CheckMessage]:
    try:
        known = queues.known_queues()
    except ImproperlyConfigured:  # the checks of settings and of apps tell of it
        return
    for queue in sorted(backend.queues.difference(known)):
        yield Error(
            f"{entry}['QUEUES'] has {queue!r}, which is not a queue.{did_you_mean(queue, known)}",
            hint=f"The queues are: {', '.join(known)}. An app adds its own by `queues`.",
            id="pgjobs.E021",
        )
