"""An address of the pages."""

from __future__ import annotations

from typing import NamedTuple

from pgjobs.pages.place import View


class Address(NamedTuple):
    """An address below the root of the pages, and its view.

    In an admin site the root is the list of jobs, because that address is the admin's own.
    """

    route: str
    view: View
    name: str
    alone: str | None = None
    """The route without an admin, if it is another one."""
