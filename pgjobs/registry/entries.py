"""The names and options that SQL needs from the project's code: job classes, queues, models.

The functions in `sql/functions` read it from the table ``pgjobs_registry``, which each worker
brings up to date as it starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps

from pgjobs.conf import get_settings
from pgjobs.queues import get_queue_for_model, known_queues
from pgjobs.registry.hidden import hidden_keys
from pgjobs.registry.names import JobTarget, registered
from pgjobs.registry.parameters import parameters_of
from pgjobs.registry.targets import name_of, options_of, own_argument


def entries() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the kind, the name and the options of each thing that a job may name.

    The model with the name "" stands for jobs without an object.
    """
    yield "setting", "DEFAULT_TIMEOUT", {"value": get_settings().DEFAULT_TIMEOUT}
    for path, target in registered().items():
        yield "job_class", path, _options(target)
    for queue in known_queues():
        yield "queue", queue, {}
    yield "model", "", {"queue": get_queue_for_model(None)}
    for model in apps.get_models():
        if getattr(model, "supports_jobs", False):
            yield "model", model._meta.label_lower, {"queue": get_queue_for_model(model)}


def _options(target: JobTarget) -> dict[str, Any]:
    options = options_of(target)
    return {
        "name": str(name_of(target)) or None,
        "queue": options.queue,
        "priority": options.priority,
        "timeout": options.timeout,
        "max_attempts": options.max_attempts,
        "on_interrupt": options.on_interrupt,
        "notifications": get_settings().DEFAULT_NOTIFICATIONS,
        "own_argument": own_argument(target),
        "parameters": _parameters(target),
        "launchable": options.launchable,
        "hidden": hidden_keys(target),
    }


def _parameters(target: JobTarget) -> dict[str, Any]:
    known = parameters_of(target)
    return {
        "required": sorted(known.required),
        "named": sorted(known.named),
        "takes_any": known.takes_any,
    }
