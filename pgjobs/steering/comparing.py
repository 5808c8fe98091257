"""Comparisons of a number, as people write them: ``2``, ``>1``, ``<=3``."""

from __future__ import annotations

import re
from typing import Final

from django.db.models import Q

from pgjobs.exceptions import InvalidArgument

_COMPARISON: Final = re.compile(r"(>=|<=|>|<|)([0-9]{1,5})")
_LOOKUPS: Final = {"": "exact", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}


def condition(column: str, text: str) -> Q:
    """Return the condition that ``text`` puts on a column. Raises InvalidArgument."""
    found = _COMPARISON.fullmatch(text)
    if found is None:
        raise InvalidArgument(f"{column} must be a number such as 2, >1 or <=3, not {text!r:.100}.")
    return Q(**{f"{column}__{_LOOKUPS[found[1]]}": int(found[2])})
