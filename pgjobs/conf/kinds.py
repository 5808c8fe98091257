"""The kinds of values that settings can have, with the words that refuse other values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

from pgjobs.choices import MODES, JobIsolation, JobNotification
from pgjobs.storable import is_storable

LONGEST: Final = 1_000_000
"""The most seconds of any wait. The system calls that wait count milliseconds in 31 bits."""


LONGEST_RETENTION: Final = 1_000_000
"""The most days of a retention. PostgreSQL has no moment that is millions of days ago."""


MOST_SLOTS: Final = 10_000
"""The most slots of a process. Each is a thread, and a machine has no room for millions."""


SEPARATORS: Final = dict.fromkeys(map(ord, "-_ ."))
"""For ``str.translate()``: characters in which ``api_key`` and ``Api-Key`` may differ."""


class Kind(NamedTuple):
    """The values that a setting can have, and the words for them in "must be …, not 7"."""

    words: str
    accepts: Callable[[Any], bool]
    is_secret: bool = False
    """Whether a wrong value is left out of the message, which ends up in logs."""


def _whole_number(least: int, most: int = 2**31 - 1) -> Kind:
    # A bool is an int, too: `type()` refuses True where a number is wanted.
    return Kind(
        f"a whole number from {least} to {most}",
        lambda value: type(value) is int and least <= value <= most,
    )


def _one_of(values: list[str]) -> Kind:
    return Kind(f"one of {', '.join(values)}", lambda value: value in values)


def are_patterns(value: Any) -> bool:
    """Return whether ``value`` is a list or tuple of names of keys; ``*`` stands for any text."""
    return isinstance(value, list | tuple) and all(
        isinstance(name, str) and is_storable(name) and name.translate(SEPARATORS) for name in value
    )


def _is_mapping_to_names(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(name, str) for name in value.values())


Queues = Annotated[
    Mapping[Any, str], Kind("a dict from models to queue names", _is_mapping_to_names)
]
Text = Annotated[str, Kind("a string", lambda value: isinstance(value, str))]
Version = Annotated[
    str,
    Kind(
        "a text of at most 200 characters without NUL and lone surrogates",
        lambda value: isinstance(value, str) and len(value) <= 200 and is_storable(value),
    ),
]
Patterns = Annotated[
    Sequence[str],
    Kind("a list or tuple of names of keys, such as ['*password*', 'pin']", are_patterns),
]
Switch = Annotated[bool, Kind("True or False", lambda value: isinstance(value, bool))]
When = Annotated[str, _one_of(JobNotification.values)]
Where = Annotated[str, _one_of(JobIsolation.values)]
Mode = Annotated[str, _one_of([*MODES])]
Count = Annotated[int, _whole_number(1)]
Limit = Annotated[
    int | None,
    Kind(
        f"None or {_whole_number(1).words}",
        lambda value: value is None or _whole_number(1).accepts(value),
    ),
]
Retention = Annotated[int, _whole_number(0, LONGEST_RETENTION)]
Minutes = Annotated[int, _whole_number(1, LONGEST_RETENTION)]
Hours = Annotated[int, _whole_number(8, LONGEST_RETENTION)]
TextSize = Annotated[int, _whole_number(1000)]
Slots = Annotated[int, _whole_number(1, MOST_SLOTS)]
Seconds = Annotated[
    float,
    Kind(
        f"a number of seconds above 0 and at most {LONGEST:,}",
        lambda value: type(value) in (int, float) and 0 < value <= LONGEST,
    ),
]
Lease = Annotated[
    float,
    # A worker process gives its supervisor a sign of life each second.
    Kind(
        f"a number of seconds from 2 to {LONGEST:,}",
        lambda value: type(value) in (int, float) and 2 <= value <= LONGEST,
    ),
]


Alerts = Annotated[
    Mapping[str, Any] | None,
    Kind("None or a dict of thresholds", lambda value: value is None or isinstance(value, Mapping)),
]


Token = Annotated[
    str,
    # Other characters can't stand in a header of a request, or not at its end.
    Kind(
        "a string of ASCII characters without spaces",
        lambda value: isinstance(value, str) and re.fullmatch(r"[!-~]*", value) is not None,
        is_secret=True,
    ),
]
