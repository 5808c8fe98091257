"""The events that the engine tells, as plain values that another process can read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, cast

from django.db.models import Model

from pgjobs import events

Told = dict[str, Any]
"""An event: the name of its ``kind``, and its fields. A model instance is its key, an exception its
text."""

ToldSoFar = Callable[..., list[Told]]
"""Takes a kind of events and the fields that they must have; the type of the fixture ``told``."""

FILE: Final = "PGJOBS_TESTS_EVENTS"
"""The environment variable that names the file in which a process writes the events it tells."""

_TEXTS: Final = ("error", "reason")


def write_events_if_asked() -> None:
    """Write each event that this process tells from now on, if the environment names a file."""
    if path := os.environ.get(FILE):
        events.listen(events.Event, _writer(path))


def _writer(path: str) -> Callable[[events.Event], None]:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def write(event: events.Event) -> None:
        # With one call to the system, lines of several processes don't mix, and a process that is
        # killed has written all that it told.
        os.write(file, json.dumps(plain(event)).encode() + b"\n")

    return write


def read_events(path: Path) -> list[Told]:
    """Return the events that were written to ``path`` so far, in their order."""
    *lines, _unfinished = path.read_bytes().split(b"\n")
    return [json.loads(line) for line in lines]


def plain(event: events.Event) -> Told:
    """Return ``event`` as values of JSON."""
    names = [field.name for field in fields(cast(Any, event))]
    values = {name: getattr(event, name) for name in names}
    told = json.dumps({"kind": type(event).__name__, **values}, default=_plain_value)
    return cast(Told, json.loads(told))


def _plain_value(value: object) -> object:
    return value.pk if isinstance(value, Model) else str(value)


def matching(told: list[Told], kind: type[events.Event], **expected: Any) -> list[Told]:
    """Return the events of ``kind`` with the ``expected`` fields.

    An error or a reason is expected by a part of its text, because PostgreSQL adds details to it.
    """
    return [
        event
        for event in told
        if event["kind"] == kind.__name__
        and all(_fits(event[name], name, value) for name, value in expected.items())
    ]


def _fits(value: Any, name: str, expected: Any) -> bool:
    return expected in value if name in _TEXTS else bool(value == expected)
