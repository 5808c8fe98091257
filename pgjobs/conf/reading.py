"""Reads and checks ``settings.PGJOBS``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_type_hints

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from pgjobs import thresholds
from pgjobs.conf.kinds import Kind
from pgjobs.conf.settings import Settings
from pgjobs.showing import did_you_mean


@cache
def get_settings() -> Settings:
    """Return the settings in force. Raises ImproperlyConfigured with all problems of ``PGJOBS``."""
    given: Any = getattr(django_settings, "PGJOBS", {})
    if problems := find_problems(given):
        raise ImproperlyConfigured("\n".join(problems))
    return Settings(**given)


def find_problems(given: Any) -> list[str]:
    """Return a sentence for each problem of ``given``, the value of ``PGJOBS``.

    The system check ``pgjobs.E005`` reports the same sentences.
    """
    if not isinstance(given, Mapping):
        return [f"PGJOBS must be a dict, not {type(given).__name__}."]
    problems = [problem for name, value in given.items() if (problem := _problem_with(name, value))]
    return problems or list(_contradictions(Settings(**given)))


def _problem_with(name: Any, value: Any) -> str | None:
    kind = _kinds().get(name)
    if kind is None:
        known = sorted(_kinds())
        proposal = did_you_mean(name, known)
        return f"PGJOBS[{name!r}] is not a setting.{proposal} The settings are: {', '.join(known)}."
    if not kind.accepts(value):
        given = "" if kind.is_secret else f", not {value!r}"
        return f"PGJOBS[{name!r}] must be {kind.words}{given}."
    return None


@cache
def _kinds() -> dict[Any, Kind]:
    """Return the kind of each setting, by its name."""
    hints = get_type_hints(Settings, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


def _contradictions(settings: Settings) -> Iterator[str]:
    # A worker stops claiming after half of the timeout without a heartbeat. If the interval were as
    # long as that, the worker would stop before each heartbeat.
    interval, timeout = settings.HEARTBEAT_INTERVAL, settings.HEARTBEAT_TIMEOUT
    if interval >= timeout / 2:
        yield (
            "PGJOBS['HEARTBEAT_INTERVAL'] must be less than half of PGJOBS['HEARTBEAT_TIMEOUT'], "
            f"not {interval:g} of {timeout:g} s: shorten the interval or lengthen the timeout."
        )
    yield from thresholds.problems_with(settings.ALERTS or {})


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "PGJOBS":
        get_settings.cache_clear()


setting_changed.connect(_forget, dispatch_uid="pgjobs.conf")
