"""The checks that a project adds to those of the doctor."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from django.db import transaction

from pgjobs.doctor.finding import Finding, Severity
from pgjobs.doctor.reading import be_impatient, read
from pgjobs.showing import brief

Check = Callable[[str], Iterable[Finding]]
C = TypeVar("C", bound=Check)

# A dict as a set in order.
_checks: Final[dict[Check, None]] = {}


def register(check: C, /) -> C:
    """Let ``examine()`` ask ``check`` too, and return it.

    The doctor calls ``check(using)`` with the alias of the database of the jobs, in a transaction
    with a short ``lock_timeout``. The check returns or yields a `Finding` for each fault, and only
    reads. Raises TypeError for a value that can't be called with one argument, and for a coroutine
    function.
    """
    _refuse_unless_askable(check)
    _checks[check] = None
    return check


def _refuse_unless_askable(check: Any) -> None:
    if not callable(check) or isinstance(check, type):
        raise TypeError(f"register() takes a function that yields findings, not {brief(check)}.")
    if inspect.iscoroutinefunction(check) or inspect.isasyncgenfunction(check):
        raise TypeError(f"{_name(check)} is async; the doctor calls its checks without await.")
    try:
        inspect.signature(check).bind("default")
    except TypeError as error:
        raise TypeError(
            f"{_name(check)} must take one argument, the alias of the database: {error}."
        ) from None


def registered() -> list[Check]:
    """Return the checks in the order in which they were registered."""
    return list(_checks)


def asked(check: Check, using: str) -> list[Finding]:
    """Return what ``check`` finds in the database ``using``.

    A check that raises, or that yields a value of another type, adds a finding about itself after
    the findings before it, so that it harms no other check. PostgreSQL refuses a check that writes.
    """
    found: list[Finding] = []
    try:
        with transaction.atomic(using=using):
            be_impatient(using)
            read(using, "doctor/read_only")
            for finding in check(using):
                found.append(_finding(finding))  # noqa: PERF401 - they outlive an exception
    except Exception as error:
        found.append(
            Finding(
                Severity.WARNING,
                "broken check",
                f"The check {_name(check)} raised {type(error).__name__}: "
                f"{' '.join(str(error).split())}",
                "Mend the check: nobody looks for its fault meanwhile.",
            )
        )
    return found


def _finding(found: object) -> Finding:
    if not isinstance(found, Finding):
        raise TypeError(f"{brief(found)} is no pgjobs.doctor.Finding")
    return found


def _name(check: Any) -> str:
    name = getattr(check, "__qualname__", None) or type(check).__qualname__
    return f"{check.__module__}.{name}"
