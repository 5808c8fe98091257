"""Values that a user edits without seeing what is hidden in them."""

from __future__ import annotations

import json
from typing import Any

from pgjobs.access import MASK


def restored(edited: Any, original: Any, shown: Any) -> Any:
    """Return ``edited`` with the hidden values of ``original`` in their places again.

    ``shown`` is ``original`` as the user has seen it. A mask stays where nothing was hidden.
    """
    if same(edited, shown):
        return original
    if isinstance(edited, dict) and isinstance(original, dict) and isinstance(shown, dict):
        return {
            key: restored(value, original[key], shown[key]) if key in original else value
            for key, value in edited.items()
        }
    if isinstance(edited, list) and isinstance(original, list) and isinstance(shown, list):
        return [
            restored(value, original[place], shown[place]) if place < len(original) else value
            for place, value in enumerate(edited)
        ]
    return edited


def same(one: Any, other: Any) -> bool:
    """Return whether two values are the same JSON; for Python, 1 equals True."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def has_mask(value: Any) -> bool:
    """Return whether a mask is left somewhere in a value."""
    if isinstance(value, dict):
        return any(map(has_mask, value.values()))
    if isinstance(value, list):
        return any(map(has_mask, value))
    return bool(value == MASK)
