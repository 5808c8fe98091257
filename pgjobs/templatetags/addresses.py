"""Addresses in the pages' templates."""

from __future__ import annotations

from typing import Any, Final

from pgjobs.pages import page
from pgjobs.pages.listing.language import Term

_WORDS: Final = {"job_class": "class"}


def address(context: dict[str, Any], name: str, *args: Any, **query: Any) -> str:
    """Return the address of a page in the place of the present one."""
    return page.address(context["request"], name, *args, **query)


def jobs_of(context: dict[str, Any], **filters: Any) -> str:
    """Return the address of the list of jobs with these filters: ``queue=… status=…``.

    A filter named ``job_class`` is written as ``class:``. A value with a space is quoted.
    """
    terms = (Term(_WORDS.get(key, key), str(value)) for key, value in filters.items())
    return page.address(context["request"], "jobs", q=" ".join(map(str, terms)))


def kind_address(context: dict[str, Any], name: str, kind: Any, **query: Any) -> str:
    """Return the address of a page about a kind of failure."""
    return page.address(context["request"], name, **kind.query(), **query)


def numbers_address(context: dict[str, Any]) -> str:
    """Return the address of the present page with the numbers of its chart as a table."""
    query = context["request"].GET.copy()
    query["numbers"] = "1"
    return f"?{query.urlencode()}"


def is_key(value: Any) -> bool:
    """Return whether a page of a job can have this id. SQL by hand can write any JSON."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
