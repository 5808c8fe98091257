"""What is wrong with an entry of ``TASKS``."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from pgjobs import queues
from pgjobs.showing import did_you_mean
from pgjobs.tasks.definition import META
from pgjobs.tasks.framework import BaseTaskBackend


def problems(backend: BaseTaskBackend) -> Iterator[CheckMessage]:
    """E020 to E022: pgjobs is not installed; a queue or an option does not exist."""
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
