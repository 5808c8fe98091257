"""The values of filters as the journal and the web have them: JSON of the right kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pgjobs import codec
from pgjobs.exceptions import InvalidArgument
from pgjobs.limits import END_OF_TIME, FIRST_MOMENT, is_moment
from pgjobs.showing import brief

MOMENTS: Final = ("since", "before", "ended", "ended_before")


def loaded(name: str, value: Any) -> Any:
    """Return the value of the filter ``name`` that JSON means. Raises InvalidArgument."""
    load: Callable[[str, Any], Any] = _LOADERS.get(name, _text)
    return load(name, value)


def in_utc(name: str, moment: datetime) -> datetime:
    """Return ``moment`` in UTC: PostgreSQL refuses offsets that Python allows.

    Raises InvalidArgument for a moment that no job can have.
    """
    if moment.utcoffset() is None:
        raise InvalidArgument(f"{name} {moment.isoformat()} has no time zone.")
    try:
        there = moment.astimezone(UTC)
    except OverflowError:
        there = None
    if there is None or not is_moment(there):
        raise InvalidArgument(
            f"{name} must be from {FIRST_MOMENT} until before {END_OF_TIME}, "
            f"not {moment.isoformat()}."
        )
    return there


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidArgument(f"{name} must be a text, not {brief(value)}.")
    return codec.text(value, name)


def _number(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidArgument(f"{name} must be a whole number, not {brief(value)}.")
    return value


def _moment(name: str, value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(name, value))
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset():
        raise InvalidArgument(f"{name} must be a moment in UTC, not {brief(value)}.")
    return in_utc(name, moment)


def _arguments(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidArgument(f"{name} must be an object, not {brief(value)}.")
    for key, each in value.items():
        codec.encode(each, f"{name} {_text(name, key)}")  # a check: the values are encoded already
    return value


def _many(load: Callable[[str, Any], Any]) -> Callable[[str, Any], tuple[Any, ...]]:
    def loaded_list(name: str, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise InvalidArgument(f"{name} must be a list, not {brief(value)}.")
        return tuple(load(name, each) for each in value)

    return loaded_list


_LOADERS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "ids": _many(_number),
    "worker": _number,
    "arg": _arguments,
    **dict.fromkeys(("status", "job_class", "failure", "text"), _many(_text)),
    **dict.fromkeys(MOMENTS, _moment),
}
"""How a filter is read; the others are texts."""
