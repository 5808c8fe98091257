"""The jobs that an entry of the journal is about, as people may see them."""

from __future__ import annotations

from typing import Any

from pgjobs.access.redaction import redacted
from pgjobs.registry.hidden import hidden_keys
from pgjobs.registry.names import registered


def redacted_action(what: Any) -> Any:
    """Return the column ``what`` of an entry without the values of hidden keys.

    A filter may name an argument that another class hides, so it hides the keys of all classes.
    """
    shown = redacted(what, hidden_keys(None))
    filters = shown.get("filter") if isinstance(shown, dict) else None
    if isinstance(filters, dict) and "arg" in filters:
        for hidden in {hidden_keys(target) for target in registered().values()}:
            filters["arg"] = redacted(filters["arg"], hidden)
    return shown
