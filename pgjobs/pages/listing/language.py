"""The language of the filter bar: ``status:errored class:SyncSite since:2h some words``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _

from pgjobs.choices import FINISHED, LIVE, WAITING, JobStatus
from pgjobs.exceptions import InvalidArgument
from pgjobs.pages import numbers
from pgjobs.steering.selection import MOST_IDS, Selection

LONGEST: Final = 4000
"""Characters of a query."""

GROUPS: Final = {"waiting": WAITING, "live": LIVE, "finished": FINISHED}
"""Names for several statuses."""
FIELDS: Final = {
    "status": "status",
    "class": "job_class",
    "queue": "queue",
    "name": "name",
    "object": "object",
    "user": "user",
    "worker": "worker",
    "attempt": "attempt",
    "since": "since",
    "before": "before",
    "ended": "ended",
    "ended_before": "ended_before",
    "error": "error",
    "failure": "failure",
    "id": "ids",
}
"""The keys of the language, and the fields of a selection."""
REPEATED: Final = ("status", "id", "")
"""Keys that may be given several times: a job has to fit one status, one id, and all words."""

_TERM: Final = re.compile(
    r'(?:(?P<key>arg\.[^\s:"]+|[A-Za-z_]+):)?(?P<value>"(?:[^"\\]|\\.)*"(?!\S)|\S+)'
)
_LARGEST_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Term:
    """A filter as a person writes it; without a key it is a word to search for."""

    key: str
    value: str
    written: str = field(default="", compare=False)

    def __str__(self) -> str:
        if self.written:
            return self.written
        if self.key.startswith("arg."):  # the quotes of its value belong to the JSON
            return f"{self.key}:{self.value}"
        value = self.value
        if not value or re.search(r'[\s"]', value) or (not self.key and ":" in value):
            value = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"{self.key}:{value}" if self.key else value


@dataclass(frozen=True, slots=True)
class Query:
    """What a person asks for: the terms, and the selection that they mean or what is wrong."""

    terms: tuple[Term, ...]
    selection: Selection
    problems: dict[Term, str]

    def __str__(self) -> str:
        return as_text(self.terms)

    @property
    def is_readable(self) -> bool:
        return not self.problems

    def without(self, gone: Term) -> str:
        """Return the query without one of its terms."""
        return as_text(term for term in self.terms if term != gone)

    def value_of(self, key: str) -> str:
        """Return the value of the first term with this key, or an empty text."""
        return next((term.value for term in self.terms if term.key == key), "")


def read(text: str) -> Query:
    """Return the query that ``text`` is. Nothing is raised: the problems are in the query."""
    terms, problems = _terms(text)
    for term in terms:
        if term not in problems and (problem := _problem_of(term, terms)):
            problems[term] = problem
    if not problems:
        try:
            return Query(terms, selection_of(terms), {})
        except InvalidArgument as error:
            problems[terms[-1]] = str(error)
    return Query(terms, Selection(), problems)


def merged(terms: Iterable[Term], more: Iterable[Term]) -> str:
    """Return the query of ``terms`` and ``more``; a filter that is given again is replaced."""
    more = list(more)
    given = {term.key for term in more} - set(REPEATED)
    kept = [term for term in terms if term.key not in given]
    return as_text(dict.fromkeys([*kept, *more]))


def as_text(terms: Iterable[Term]) -> str:
    return " ".join(map(str, terms))


def terms_of(text: str) -> tuple[Term, ...]:
    """Return the terms of a text without judging them."""
    return _terms(text)[0]


def selection_of(terms: Sequence[Term]) -> Selection:
    """Return the selection that readable terms mean. Raises InvalidArgument."""
    return Selection.of_texts(texts_of(terms))


def texts_of(terms: Sequence[Term]) -> dict[str, Any]:
    """Return the terms by the names of the fields of a selection."""
    given: dict[str, Any] = {}
    for term in terms:
        if term.key.startswith("arg."):
            given.setdefault("arg", []).append(f"{term.key[4:]}={term.value}")
        elif term.key == "status":
            given["status"] = [*given.get("status", ()), *_statuses(term.value)]
        elif term.key == "id":
            given["ids"] = [*given.get("ids", ()), *_ids(term.value)]
        elif term.key == "worker":
            given["worker"] = _id("worker", term.value)
        elif term.key:
            given[FIELDS[term.key]] = term.value
        elif is_id(term, terms):
            given["ids"] = [*given.get("ids", ()), int(term.value)]
        else:
            given["text"] = [*given.get("text", ()), term.value]
    return given


def is_id(term: Term, terms: Sequence[Term]) -> bool:
    """Return whether a word is the id of a job: a number without other words is one."""
    alone = sum(not other.key for other in terms) == 1
    return alone and not term.key and _number(term.value) is not None


def _terms(text: str) -> tuple[tuple[Term, ...], dict[Term, str]]:
    terms: list[Term] = []
    problems: dict[Term, str] = {}
    for found in _TERM.finditer(text[:LONGEST]):
        key, value = found["key"] or "", found["value"]
        is_quoted = len(value) > 1 and value[0] == value[-1] == '"'
        if is_quoted and not key.startswith("arg."):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        term = Term(key, value, found[0])
        terms.append(term)
        if not is_quoted and '"' in value and not key.startswith("arg."):
            problems[term] = (
                _(
                    "%s has a quote that is not closed. Put a text with spaces between quotes: "
                    'error:"timed out".'
                )
                % found[0]
            )
        elif not key and not is_quoted and ":" in value:
            problems[term] = _unknown(value.partition(":")[0], found[0])
    if len(text) > LONGEST:
        last = Term("", f"{text[:20]}…")
        return (last,), {
            last: _("The query has more than %s characters; shorten it.") % numbers.whole(LONGEST)
        }
    return tuple(dict.fromkeys(terms)), problems


def _problem_of(term: Term, terms: Sequence[Term]) -> str:
    if term.key and term.key not in FIELDS and not term.key.startswith("arg."):
        return _unknown(term.key, str(term))
    if not term.value:
        return _unvalued(term)
    same = [other for other in terms if other.key == term.key]
    if term.key not in REPEATED and len(same) > 1:
        said = _("%(filter)s is given %(times)d times, and a job has only one; remove all but one.")
        return said % {"filter": term.key, "times": len(same)}
    try:
        # A number beside other words is a word.
        words = [] if term.key else [other for other in terms if not other.key and other != term]
        selection_of([term, *words])
    except InvalidArgument as error:
        return str(error)
    return ""


def _unknown(key: str, written: str) -> str:
    said = _(
        "There is no filter %(filter)s. The filters are: %(filters)s. To search for the text "
        'itself, put it between quotes: "%(text)s".'
    )
    filters = ", ".join([*FIELDS, "arg.<name>"])
    return said % {"filter": f"{key!r:.100}", "filters": filters, "text": f"{written:.100}"}


def _unvalued(term: Term) -> str:
    if not term.key:
        return _("The word has no value; write it behind the colon, or remove it.")
    return _("%s has no value; write it behind the colon, or remove it.") % term.key


def _statuses(value: str) -> list[str]:
    found: list[str] = []
    for name in value.lower().split(","):
        group = GROUPS.get(name.strip())
        found += map(str, group) if group else [name.strip()]
    if unknown := sorted(set(found) - set(JobStatus.values)):
        known = ", ".join([*JobStatus.values, *GROUPS])
        said = _("status must be one of %(known)s, not %(given)s.")
        raise InvalidArgument(said % {"known": known, "given": f"{unknown[0]!r:.100}"})
    return list(dict.fromkeys(found))


def _ids(value: str) -> list[int]:
    ids = [_id("id", part.strip()) for part in value.split(",")[: MOST_IDS + 1]]
    return list(dict.fromkeys(ids))


def _id(key: str, text: str) -> int:
    if (found := _number(text)) is None:
        said = (
            _("worker must be a number from the list of workers, not %s.")
            if key == "worker"
            else _("id must be a number from the list of ids, not %s.")
        )
        raise InvalidArgument(said % f"{text!r:.100}")
    return found


def _number(text: str) -> int | None:
    if len(text) < 20 and text.isascii() and text.isdecimal() and int(text) <= _LARGEST_ID:
        return int(text)
    return None
