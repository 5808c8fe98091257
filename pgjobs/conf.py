"""The ``PGJOBS`` settings: every name, type, default and unit.

Settings are read when they are used and never at import, so ``override_settings`` works. They are
read once, and kept until Django says that the setting has changed.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Final, NamedTuple, get_type_hints

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from pgjobs import thresholds
from pgjobs.choices import JobIsolation, JobNotification

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
        isinstance(name, str) and "\x00" not in name and name.translate(SEPARATORS)
        for name in value
    )


def _is_mapping_to_names(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(name, str) for name in value.values())


Queues = Annotated[
    Mapping[Any, str], Kind("a dict from models to queue names", _is_mapping_to_names)
]
Text = Annotated[str, Kind("a string", lambda value: isinstance(value, str))]
Patterns = Annotated[
    Sequence[str],
    Kind("a list or tuple of names of keys, such as ['*password*', 'pin']", are_patterns),
]
When = Annotated[str, _one_of(JobNotification.values)]
Where = Annotated[str, _one_of(JobIsolation.values)]
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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values of ``settings.PGJOBS``. Every key is optional."""

    QUEUE_MAPPINGS: Queues = dataclasses.field(default_factory=dict)
    """Model → queue, for jobs about the model's objects. The keys are ``"model"``,
    ``"app.model"``, the model class, or ``None`` for jobs without an object."""

    DEFAULT_TIMEOUT: Count = 300
    """Seconds that a job may run, if neither its class nor ``enqueue()`` sets a timeout."""

    DEFAULT_NOTIFICATIONS: When = "always"
    """When the user of a job is notified of the job's end: ``always``, ``on_failure`` or
    ``never``."""

    NOTIFIER: Text = "pgjobs.notifications.log"
    """Dotted path of the function that notifies the user. It is called with the finished job."""

    JOB_RETENTION: Retention = 90
    """Days that finished jobs are kept, counted from their end. 0 keeps them forever."""

    STATISTICS_MINUTES: Minutes = 3
    """Days that statistics are kept minute by minute."""

    STATISTICS_HOURS: Hours = 60
    """Days that statistics are kept hour by hour. The views of a week read them."""

    STATISTICS_DAYS: Retention = 800
    """Days that statistics are kept day by day, and kinds of failure from when they were last seen.
    0 keeps them forever."""

    JOURNAL_RETENTION: Retention = 365
    """Days that the entries of the journal are kept, counted from their end. 0 keeps them
    forever."""

    DIRECT_DATABASE: Text = ""
    """Alias in ``DATABASES`` that reaches PostgreSQL past a transaction pooler such as pgbouncer,
    for the worker's connections that need a session. It is empty if there is no pooler."""

    CONCURRENCY: Slots = 4
    """Slots of a worker, if ``--concurrency`` is not given."""

    SHUTDOWN_TIMEOUT: Seconds = 25.0
    """Seconds that a stopping worker waits for running jobs. Kubernetes kills a container 30
    seconds after it asked the container to stop."""

    POLL_INTERVAL: Seconds = 1.0
    """Seconds between two looks for jobs that no ring told of: one worker looks for all idle
    workers, and each of them looks by itself every ten intervals. Behind a pooler each idle worker
    looks at each interval."""

    HEARTBEAT_INTERVAL: Seconds = 3.0
    """Seconds between a worker's heartbeats, less than half of ``HEARTBEAT_TIMEOUT``. With less
    than a quarter, one missed heartbeat has no consequence."""

    HEARTBEAT_TIMEOUT: Lease = 15.0
    """The lease: seconds without a heartbeat after which a worker counts as dead, even if it holds
    its session lock. The controllers of Kubernetes hold their leases for 15 seconds, too
    (``--leader-elect-lease-duration``)."""

    KILL_GRACE: Seconds = 10.0
    """Seconds that a job has to end after it was told to stop, before its process is ended."""

    ISOLATION: Where = "thread"
    """Where jobs run whose class does not say it by ``Meta.isolation``: ``thread``, ``process`` or
    ``fresh_process``. ``pgjobs_worker --isolation`` takes precedence."""

    MAX_JOBS_PER_PROCESS: Count = 1000
    """Jobs that a process of the isolation ``process`` runs before another one takes its place."""

    MAX_MEMORY_PER_PROCESS: Limit = None
    """MiB of resident memory above which such a process is replaced once its job has ended. None
    sets no limit."""

    MAX_RESULT_SIZE: Count = 1_000_000
    """Largest return value of ``run()`` that is kept, in bytes of JSON."""

    MAX_DATA_SIZE: Count = 1_000_000
    """Largest ``job.data`` that is kept, in characters of JSON."""

    MAX_TEXT_SIZE: TextSize = 100_000
    """Longest text that is kept of an error, a traceback, a log line or a progress message, in
    characters. A longer text is cut in its middle."""

    MAX_INTERRUPTIONS: Count = 3
    """Number of lost workers after which a job is given up as errored."""

    ALERTS: Alerts = None
    """The limits beyond which an alert is raised: a dict of `Thresholds`, where an empty one has
    all defaults. None switches alerts off."""

    REDACT: Patterns = tuple(
        "*password* *passwd* *passphrase* *secret* *token *api_key* *private_key* *authorization* "
        "*credential* *cookie*".split()
    )
    """Names of keys: no page, command or view shows their values, at any depth. ``*`` stands for
    any text; case and the characters ``-``, ``_``, ``.`` and space do not matter."""

    VISIBLE_JOBS: Text = ""
    """Dotted path of a function that takes a user and a query set of jobs, and returns the jobs
    that the user may see. If it is empty, a user with the permission sees all jobs."""

    METRICS_TOKEN: Token = ""
    """The bearer token for the pages of ``pgjobs.metrics.urls``. With an empty one no token opens
    them, and staff may still read them."""


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
        return (
            f"PGJOBS[{name!r}] is not a setting. The settings are: {', '.join(sorted(_kinds()))}."
        )
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
