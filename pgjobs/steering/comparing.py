"""Comparisons of a number, as people write them: ``2``, ``>1``, ``<=3``."""

from __future__ import annotations

import re
from typing import Final

from django.db.models import Q

from pgjobs.exceptions import InvalidArgument
from pgjobs.limits import HIGHEST_COUNT

_COMPARISON: Final = re.compile(r"(>=|<=|>|<|)([0-9]{1,5})")
_LOOKUPS: Final = {"": "exact", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}


def condition(column: str, text: str) -> Q:
    """Return the condition that ``text`` puts on a column of counts. Raises InvalidArgument."""
    found = _COMPARISON.fullmatch(text)
    if found is None:
        raise InvalidArgument(f"{column} must be a number such as 2, >1 or <=3, not {text!r:.100}.")
    if int(found[2]) > HIGHEST_COUNT:
        raise InvalidArgument(f"{column} must be at most {HIGHEST_COUNT}, not {found[2]}.")
    return Q(**{f"{column}__{_LOOKUPS[found[1]]}": int(found[2])})
