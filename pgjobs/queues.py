"""Queue names: the queues that exist, and the queue for the jobs of a model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from pgjobs.conf import get_settings
from pgjobs.exceptions import InvalidArgument, UnknownQueue
from pgjobs.showing import brief, did_you_mean

HIGH: Final = "high"
DEFAULT: Final = "default"
LOW: Final = "low"

DEFAULT_QUEUES: Final = (HIGH, DEFAULT, LOW)
"""The queues that a worker serves if it is given none. It empties the first one first."""

NAME_LIMIT: Final = 100
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")


def is_valid_name(name: Any) -> bool:
    """Return whether ``name`` can be a queue's name.

    A name has at most 100 characters. The first is an ASCII letter, a digit or ``_``; the following
    ones can also be ``.`` and ``-``.
    """
    return isinstance(name, str) and len(name) <= NAME_LIMIT and bool(_NAME.fullmatch(name))


def known_queues() -> tuple[str, ...]:
    """Return all queues: the default ones, then apps' and plugins' queues, then mapped ones."""
    return tuple(
        dict.fromkeys((*DEFAULT_QUEUES, *_app_queues(), *get_settings().QUEUE_MAPPINGS.values()))
    )


def check_known(names: Iterable[str]) -> None:
    """Raise `UnknownQueue` for the first of ``names`` that does not exist."""
    known = known_queues()
    for name in names:
        if name not in known:
            raise UnknownQueue(
                f"queue_name {brief(name)} is not a queue.{did_you_mean(name, known)} "
                f"The queues are: {', '.join(known)}."
            )


def get_queue_for_model(model: type[models.Model] | str | None, otherwise: str = DEFAULT) -> str:
    """Return the queue that ``QUEUE_MAPPINGS`` gives to jobs about ``model``, or ``otherwise``.

    The keys are looked up in this order: the model class, ``"app.model"``, ``"model"``. The last
    form is NetBox's. ``None`` stands for jobs without an object. ``model`` can be a name of the
    last two forms, too. Raises InvalidArgument for any other value.
    """
    keys = _keys_for(model)
    mappings: Mapping[Any, str] = get_settings().QUEUE_MAPPINGS
    if not mappings:
        return otherwise
    lowered = {key.lower() if isinstance(key, str) else key: name for key, name in mappings.items()}
    for key in keys:
        if key in lowered:
            return lowered[key]
    return otherwise


def _keys_for(model: Any) -> tuple[Any, ...]:
    if model is None:
        return (None,)
    if isinstance(model, str):
        label = model.lower()
        return label, label.rpartition(".")[2]
    if not _is_model(model):
        raise InvalidArgument(
            f"model must be a model class, 'app.model', 'model' or None, not {brief(model)}."
        )
    return model, model._meta.label_lower, model._meta.model_name


def names_a_model(key: Any) -> bool:
    """Return whether ``key`` is a key of ``QUEUE_MAPPINGS`` that some job can match."""
    if not isinstance(key, str):
        return key is None or _is_model(key)
    return any(key.lower() in _keys_for(model) for model in apps.get_models())


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, models.Model)


def queues_of(config: AppConfig) -> tuple[str, ...]:
    """Return the queues that an app declares as ``pgjobs_queues``.

    Raises ImproperlyConfigured if this is not a list or tuple of strings.
    """
    names = getattr(config, "pgjobs_queues", ())
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ImproperlyConfigured(
            f"pgjobs_queues of the app {config.label} must be a list of strings, not {names!r}."
        )
    return tuple(names)


def _app_queues() -> Iterable[str]:
    for config in apps.get_app_configs():
        yield from queues_of(config)
