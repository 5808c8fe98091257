"""The options of a task of Celery, as the options of ``@pgjobs.job()``."""

from __future__ import annotations

import ast
from typing import Final

from pgjobs.porting.celery_self import is_retry
from pgjobs.porting.module import Function, literal
from pgjobs.porting.system import Reader

_DROPPED: Final = frozenset(
    "bind name ignore_result store_errors_even_if_ignored track_started serializer compression "
    "backend typing shared lazy send_events trail acks_late acks_on_failure_or_timeout "
    "retry_kwargs retry_backoff_max retry_jitter soft_time_limit".split()
)
"""Options that need no counterpart, or are read together with another option."""

_COUNTERPARTS: Final = {
    "queue": "queue",
    "priority": "priority",
    "autoretry_for": "retry_on",
    "dont_autoretry_for": "fail_on",
    "throws": "fail_on",
}

_WITHOUT: Final = {
    "rate_limit": "pgjobs has no rate limit: give the queue a worker with --concurrency 1.",
    "base": "Its base class becomes a subclass of pgjobs.BackgroundJob.",
    "expires": "pgjobs has no expires: let the function look at the time.",
    "reject_on_worker_lost": 'Without it, add on_interrupt="error" to work that must not repeat.',
    "pydantic": "Arguments are checked against the parameters; models are not built.",
    "on_failure": "Use a receiver of pgjobs.job_end.",
    "on_success": "Use a receiver of pgjobs.job_end.",
    "on_retry": "pgjobs has no hook for another attempt.",
}

_KNOWN: Final = frozenset(
    (*_COUNTERPARTS, "max_retries", "default_retry_delay", "retry_backoff", "time_limit")
)

_DEFAULT_RETRIES: Final = 3
_FOR_EVER: Final = 32767


def remarks(given: dict[str, ast.expr]) -> list[str]:
    """Return a sentence for each option that has no counterpart."""
    notes = [_WITHOUT[name] for name in given if name in _WITHOUT]
    unknown = [n for n in given if n not in _WITHOUT and n not in _DROPPED and n not in _KNOWN]
    if unknown:
        notes.append(f"pgjobs has no {', '.join(unknown)}.")
    return notes


def counterparts(reader: Reader, function: Function, given: dict[str, ast.expr]) -> dict[str, str]:
    """Return the options of ``@pgjobs.job()`` and the code of their values."""
    text = reader.module.text
    options = {new: text(given[old]) for old, new in _COUNTERPARTS.items() if old in given}
    if (limit := given.get("soft_time_limit", given.get("time_limit"))) is not None:
        options["timeout"] = text(limit)
    if (attempts := _attempts(reader, function, given)) is not None:
        options["max_attempts"] = attempts
        if "autoretry_for" not in given:
            # Celery tries such a task again only where it calls self.retry().
            options["retry_on"] = "()"
        if backoff := _backoff(reader, given):
            options["backoff"] = backoff
    return options


def _attempts(reader: Reader, function: Function, given: dict[str, ast.expr]) -> str | None:
    """Return ``max_attempts``, or None for a task that Celery does not try again."""
    if "autoretry_for" not in given and not any(is_retry(each) for each in ast.walk(function)):
        return None
    retries = given.get("max_retries", _of_dict(given.get("retry_kwargs"), "max_retries"))
    if retries is None:
        return str(_DEFAULT_RETRIES + 1)
    value = literal(retries)
    if isinstance(value, int):
        return str(value + 1)
    is_for_ever = isinstance(retries, ast.Constant) and retries.value is None
    return str(_FOR_EVER) if is_for_ever else f"{reader.module.text(retries)} + 1"


def _backoff(reader: Reader, given: dict[str, ast.expr]) -> str:
    factor = given.get("retry_backoff")
    if factor is not None and literal(factor) is not False:
        first = 1 if literal(factor) is True else reader.module.text(factor)
        cap = literal(given.get("retry_backoff_max")) or 600
        exact = ", jitter=0" if literal(given.get("retry_jitter")) is False else ""
        return (
            f"pgjobs.retry.exponential(timedelta(seconds={first}), "
            f"cap=timedelta(seconds={cap}){exact})"
        )
    countdown = _of_dict(given.get("retry_kwargs"), "countdown")
    delay = given.get("default_retry_delay", countdown)
    if delay is None and "autoretry_for" not in given:
        return ""
    seconds = reader.module.text(delay) if delay is not None else "180"
    return f"pgjobs.retry.constant(timedelta(seconds={seconds}))"


def _of_dict(node: ast.expr | None, name: str) -> ast.expr | None:
    if not isinstance(node, ast.Dict):
        return None
    pairs = zip(node.keys, node.values, strict=True)
    return next((value for key, value in pairs if literal(key) == name), None)
