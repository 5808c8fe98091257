"""The queues that a test serves."""

from __future__ import annotations

from collections.abc import Iterable

from pgjobs import queues
from pgjobs.exceptions import InvalidArgument
from pgjobs.showing import brief


def lanes(given: Iterable[str] | None) -> tuple[str, ...]:
    """Return the queues to serve, in their order; all queues if ``given`` is None.

    Raises UnknownQueue for a queue that does not exist, and InvalidArgument for a text, whose
    letters would be taken for queues.
    """
    if given is None:
        return queues.known_queues()
    if isinstance(given, str):
        raise InvalidArgument(f"queues must be a list of names, not {brief(given)}: [{given!r}].")
    names = tuple(given)
    queues.check_known(names)
    return names
