"""What a request asks for: the query of the address, of the forms, and of older addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pgjobs.pages.listing.language import FIELDS, Term, merged, terms_of

_OLD: Final = {
    "status__exact": "status",
    "status__in": "status",
    "queue_name": "queue",
    "queue_name__exact": "queue",
    "job_class": "class",
    "job_class__exact": "class",
    "worker__id__exact": "worker",
    "worker__exact": "worker",
    "user__id__exact": "user",
    "user__exact": "user",
    "created__gte": "since",
    "created__lt": "before",
    "completed__gte": "ended",
    "completed__lt": "ended_before",
    "name__istartswith": "name",
    "name__startswith": "name",
    "error__icontains": "error",
    "id__exact": "id",
    "id__in": "id",
}
"""The filters of the list that Django's admin made until now, as keys of the language."""
_PLACES: Final = frozenset(["q", "before_id", "after_id", "top"])
_HARMLESS: Final = frozenset(
    ["add", "o", "p", "e", "all", "page", "_popup", "_to_field", "_changelist_filters"]
)
"""Parameters that filter nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The query, whether the address is another one than its own, and unknown filters."""

    query: str
    is_moved: bool
    unknown: list[str]


def asked(given: Mapping[str, Any]) -> Asked:
    """Return what the parameters of an address ask for."""
    text = given.get("q", "").strip()
    terms: list[Term] = list(terms_of(text))
    more: list[Term] = list(terms_of(given.get("add", "")))
    unknown, moved = [], "add" in given
    for name, value in given.items():
        key = _OLD.get(name, name if name in FIELDS else "")
        if key:
            moved = True
            terms = [term for term in terms if term.key != key]
            more += [Term(key, value)] if value else []
        elif name not in _PLACES and name not in _HARMLESS:
            unknown.append(name)
    return Asked(merged(terms, more) if moved else text, moved, unknown)


def id_of(given: Mapping[str, Any], name: str) -> int | None:
    """Return the id that a parameter of the address is, or None."""
    text = given.get(name, "")
    return int(text) if len(text) < 19 and text.isascii() and text.isdecimal() else None


def with_term(query: str, key: str, value: str) -> str:
    """Return ``query`` with one filter more, in the place of the same filter."""
    return merged(terms_of(query), [Term(key, value)])
