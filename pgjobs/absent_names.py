"""The error for a name that a module does not have, with what to write instead."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dis import opmap
from typing import Final

from pgjobs.showing import did_you_mean

_IMPORT_FROM: Final = opmap["IMPORT_FROM"]


def absent(module: str, name: str, known: Iterable[str], advice: str) -> Exception:
    """Return what the ``__getattr__`` of ``module`` raises for ``name``; it must call this itself.

    A ``from`` statement gets an ImportError: it would replace an AttributeError, and its text, by
    one of its own. ``hasattr()`` and all others get the AttributeError that they wait for.
    """
    names = list(known)
    text = (
        f"{module} has no {name!r}.{did_you_mean(name, names)} It has: {', '.join(names)}. {advice}"
    )
    if _asked_by_from(depth=3):
        return ImportError(text, name=module)
    return AttributeError(text, name=name)


def _asked_by_from(depth: int) -> bool:
    """Return whether the frame ``depth`` frames above runs ``from … import`` now."""
    try:
        asking = sys._getframe(depth)
    except ValueError:
        return False
    return asking.f_lasti >= 0 and asking.f_code.co_code[asking.f_lasti] == _IMPORT_FROM
