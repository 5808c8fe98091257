"""Which keys of a job's values are hidden, as a regular expression.

Python and PostgreSQL read these expressions alike: each letter stands there in both cases, because
PostgreSQL folds the case of other alphabets only in some locales. The names are matched without
their separators.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from pgjobs.conf import SEPARATORS, get_settings
from pgjobs.registry.names import JobTarget
from pgjobs.registry.targets import options_of

_NO_KEY: Final = "(?=a)b"


def hidden_keys(target: JobTarget | None) -> str:
    """Return the expression for the keys that jobs of ``target`` hide.

    With None it is that of ``PGJOBS["REDACT"]`` alone.
    """
    patterns = [*get_settings().REDACT, *(options_of(target).sensitive if target else ())]
    return _expression(tuple(patterns))


@lru_cache(maxsize=1024)
def _expression(patterns: tuple[str, ...]) -> str:
    found = dict.fromkeys(map(_of_pattern, patterns))
    return rf"\A(?:{'|'.join(found)})\Z" if found else _NO_KEY


def _of_pattern(pattern: str) -> str:
    return "".join(map(_of_character, pattern.translate(SEPARATORS)))


def _of_character(character: str) -> str:
    if character == "*":
        return ".*"
    cases = {character, character.lower(), character.upper()}
    if len(cases) > 1:
        return f"(?:{'|'.join(sorted(cases))})"
    return character if character.isalnum() else re.escape(character)
