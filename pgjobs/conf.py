"""The ``PGJOBS`` settings: every name, default, type and unit.

Read when used and never at import, so ``override_settings`` works; read once
and kept until Django says that the setting changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_type_hints

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values of ``settings.PGJOBS``; every key is optional."""

    QUEUE_MAPPINGS: Mapping[Any, str] = dataclasses.field(default_factory=dict)
    """Model → queue for jobs bound to its objects. Keys: ``"model"``, ``"app.model"``, the model
    class, or ``None`` for jobs without an object."""

    DEFAULT_TIMEOUT: int = 300
    """Seconds that a job may run when neither its class nor ``enqueue()`` says otherwise."""

    DEFAULT_NOTIFICATIONS: str = "always"
    """When the enqueuing user is notified: ``always``, ``on_failure`` or ``never``."""

    NOTIFIER: str = "pgjobs.notifications.log"
    """Dotted path of the function that notifies; called with the finished job."""

    JOB_RETENTION: int = 90
    """Days that finished jobs are kept; 0 keeps them for ever."""

    DIRECT_DATABASE: str = ""
    """Alias in ``DATABASES`` that reaches PostgreSQL past a transaction pooler such as pgbouncer,
    for the worker's connections that need a session; empty if there is no pooler."""

    CONCURRENCY: int = 4
    """Slots of a worker when ``--concurrency`` is not given."""

    SHUTDOWN_TIMEOUT: float = 25.0
    """Seconds that a stopping worker lets running jobs end. Kubernetes kills after 30."""

    POLL_INTERVAL: float = 1.0
    """Seconds between an idle worker's looks when no doorbell wakes it."""

    HEARTBEAT_INTERVAL: float = 3.0
    """Seconds between a worker's signs of life; one may be missed before it fences itself."""

    HEARTBEAT_TIMEOUT: float = 15.0
    """Seconds of silence after which a worker counts as dead, whatever its session lock says: the
    lease. Kubernetes' controllers hold theirs for as long (``--leader-elect-lease-duration``)."""

    KILL_GRACE: float = 10.0
    """Seconds that a job gets to end after it was told to, before its process is ended."""

    MAX_RESULT_SIZE: int = 1_000_000
    """Bytes of JSON up to which the return value of ``run()`` is kept."""

    MAX_INTERRUPTIONS: int = 3
    """How often a job may lose its worker before it is given up as errored."""


@cache
def get_settings() -> Settings:
    """Return the settings in force; raise ImproperlyConfigured for what can't be read."""
    given = _given()
    if problems := list(find_problems(given)):
        raise ImproperlyConfigured("\n".join(problems))
    return Settings(**given)


def find_problems(given: Any) -> list[str]:
    """Say in a sentence each what is wrong with ``PGJOBS``; the system check shows the same."""
    if not isinstance(given, Mapping):
        return [f"PGJOBS must be a dict, not {type(given).__name__}."]
    problems = [problem for name, value in given.items() if (problem := _problem_with(name, value))]
    return problems or list(_misfits(Settings(**given)))


def _misfits(settings: Settings) -> Iterator[str]:
    # A silent worker claims no more after half of the timeout: one that beats no sooner than that
    # would stand still before each beat.
    interval, timeout = settings.HEARTBEAT_INTERVAL, settings.HEARTBEAT_TIMEOUT
    if interval >= timeout / 2:
        yield (
            "PGJOBS['HEARTBEAT_INTERVAL'] must be less than half of PGJOBS['HEARTBEAT_TIMEOUT'], "
            f"not {interval:g} of {timeout:g} seconds: shorten the one or lengthen the other."
        )


def _given() -> Any:
    return getattr(django_settings, "PGJOBS", {})


def _problem_with(name: Any, value: Any) -> str | None:
    known = [field.name for field in dataclasses.fields(Settings)]
    if name not in known:
        return f"PGJOBS[{name!r}] is not a setting. The settings are: {', '.join(sorted(known))}."
    if name == "QUEUE_MAPPINGS":
        valid, wanted = _is_mapping_to_names(value), "a dict from models to queue names"
    elif get_type_hints(Settings)[name] is str:
        valid, wanted = isinstance(value, str), "a string"
    elif get_type_hints(Settings)[name] is int:
        valid, wanted = type(value) is int and value >= _LEAST.get(name, 1), "a whole number"
    else:
        valid = type(value) in (int, float) and value > 0
        wanted = "a number of seconds above 0"
    if valid and name in _CHOICES and value not in _CHOICES[name]:
        valid, wanted = False, f"one of {', '.join(_CHOICES[name])}"
    if valid:
        return None
    if wanted == "a whole number":
        wanted += f" of at least {_LEAST.get(name, 1)}"
    return f"PGJOBS[{name!r}] must be {wanted}, not {value!r}."


def _is_mapping_to_names(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(name, str) for name in value.values())


_LEAST = {"JOB_RETENTION": 0}
_CHOICES = {"DEFAULT_NOTIFICATIONS": ("always", "on_failure", "never")}


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "PGJOBS":
        get_settings.cache_clear()


setting_changed.connect(_forget, dispatch_uid="pgjobs.conf")
