"""Encoded dicts, wrapped if `decode` would take their only key for the ``$`` key of a type."""

from __future__ import annotations

from typing import Any


def wrapped(encoded: dict[str, Any]) -> dict[str, Any]:
    """Return ``encoded`` so that `decode` does not take its only key for a type."""
    if len(encoded) == 1 and next(iter(encoded)).startswith("$"):
        return {"$dict": encoded}
    return encoded


def bare(encoded: dict[str, Any]) -> dict[str, Any]:
    """Return an encoded dict without its wrapping."""
    inner: dict[str, Any] = encoded["$dict"] if encoded.keys() == {"$dict"} else encoded
    return inner


def named(encoded: Any) -> dict[str, Any] | None:
    """Return the values of an encoded dict by their keys, still encoded; None for other values.

    SQL by hand can write any JSON, such as ``5`` or ``{"$decimal": "5"}``, in the place of a dict.
    """
    if not isinstance(encoded, dict):
        return None
    if len(encoded) == 1 and next(iter(encoded)).startswith("$"):
        inner = encoded.get("$dict")
        return inner if isinstance(inner, dict) else None
    return encoded


def merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return two encoded dicts as one; ``second`` wins where both have a key."""
    return wrapped({**bare(first), **bare(second)})
