"""The values of a job as people may see them: each surface shows them through this module.

A hidden key keeps its place and loses its value. Only keys are looked at: a text that happens to
hold a secret, such as an error or a log line, is shown as it is.
"""

from __future__ import annotations

import inspect
import json
import re
from functools import cache
from typing import Any, Final

from pgjobs import codec
from pgjobs.conf import SEPARATORS
from pgjobs.models.json_field import UnreadableJSON
from pgjobs.registry.hidden import hidden_keys
from pgjobs.registry.names import JobTarget, registered_as
from pgjobs.registry.parameters import signature_as_written, signature_of_call, without_own
from pgjobs.registry.targets import is_job_class

MASK: Final = "[redacted]"
"""Stands in the place of a hidden value. `sql/functions/redacted.sql` has the same."""
_POSITIONAL: Final = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)
DEEPEST: Final = 250
"""Lists and dicts that are nested deeper are hidden; the arguments of ``enqueue()`` never are."""


def redacted_column(job: Any, column: str) -> Any:
    """Return the value of a JSON column of ``job`` without the values of hidden keys.

    If this process does not know the job's class, it does not know the ``Meta`` of the class
    either: then all arguments are hidden.
    """
    value = getattr(job, column)
    if column in ("args", "kwargs"):
        return redacted_arguments(job.job_class, value)
    return redacted(value, hidden_keys(registered_as(job.job_class)))


def redacted_arguments(job_class: str, arguments: Any) -> Any:
    """Return the arguments of a job, positional or not, without the values of hidden keys."""
    target = registered_as(job_class)
    if isinstance(arguments, UnreadableJSON):
        arguments = _read(arguments)
    if target is None:
        return _names_alone(arguments)
    hidden = hidden_keys(target)
    if isinstance(arguments, list):
        names = _names(target, len(arguments), hidden)
        return [
            MASK if name is None or is_hidden(name, hidden) else each
            for name, each in zip(names, redacted(arguments, hidden), strict=True)
        ]
    return redacted(arguments, hidden)


def _names_alone(arguments: Any) -> Any:
    """Return arguments with `MASK` for each value, whatever SQL by hand wrote in their place."""
    if isinstance(arguments, list):
        return [MASK] * len(arguments)
    if not isinstance(arguments, dict):
        return MASK
    inner = codec.bare(arguments)
    if inner is not arguments and isinstance(inner, dict):
        return {"$dict": dict.fromkeys(inner, MASK)}
    return dict.fromkeys(arguments, MASK)


def redacted(value: Any, hidden: str) -> Any:
    """Return a JSON ``value`` with `MASK` for the value of each key that ``hidden`` matches.

    The typed JSON of `codec` stays readable.
    """
    if isinstance(value, UnreadableJSON):
        value = _read(value)
    return _redacted(value, hidden, 0)


def is_hidden(key: str, hidden: str) -> bool:
    """Return whether the expression ``hidden`` matches ``key``."""
    return _compiled(hidden).match(key.translate(SEPARATORS)) is not None


def _read(text: str) -> Any:
    """Return the JSON ``text`` with texts for numbers that Python can't read; `MASK` at the worst.

    The whole text would show the values of hidden keys.
    """
    try:
        return json.loads(text, parse_int=_number)
    except (ValueError, RecursionError):
        return MASK


def _number(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:
        return digits


@cache
def _compiled(hidden: str) -> re.Pattern[str]:
    return re.compile(hidden, re.DOTALL)


def _redacted(value: Any, hidden: str, depth: int) -> Any:
    if not isinstance(value, dict | list):
        return value
    if depth > DEEPEST:
        return MASK
    if isinstance(value, list):
        return [_redacted(item, hidden, depth + 1) for item in value]
    is_typed = codec.TAGS.issuperset(value)
    return {
        key: MASK if not is_typed and is_hidden(key, hidden) else _redacted(item, hidden, depth + 1)
        for key, item in value.items()
    }


def _names(target: JobTarget, number: int, hidden: str) -> list[str | None]:
    """Return the names of the first ``number`` positional arguments; None if one is not known."""
    called, written = _parameters(target)
    names: list[str | None] = [each.name for each in called if each.kind in _POSITIONAL]
    rest = next((each.name for each in called if each.kind == each.VAR_POSITIONAL), None)
    # A decorator with *args may put arguments of its own in front, so any of them may be hidden.
    inner = [each.name for each in written if each.kind in _POSITIONAL]
    if any(is_hidden(each, hidden) for each in inner if each not in names):
        rest = None
    return [*names, *[rest] * number][:number]


def _parameters(target: JobTarget) -> tuple[list[inspect.Parameter], list[inspect.Parameter]]:
    """Return the parameters that a call meets first, and those inside the decorators."""
    run = target.run if is_job_class(target) else target
    try:
        signatures = signature_of_call(run), signature_as_written(run)
    except (TypeError, ValueError):  # such as a run() that was written in C
        return [], []
    called, written = (without_own(target, each) for each in signatures)
    return called, written
