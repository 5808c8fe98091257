"""The values that the filter bar and its form offer: from the code, not from the table."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pgjobs.choices import JobStatus
from pgjobs.pages.listing.language import GROUPS, Query
from pgjobs.queues import known_queues
from pgjobs.registry.names import registered

_SPANS: Final = (
    ("15m", _("15 minutes")),
    ("1h", _("1 hour")),
    ("1d", _("1 day")),
    ("1w", _("1 week")),
    ("30d", _("30 days")),
)
_GROUPS: Final = {
    "waiting": _("Waiting"),
    "live": pgettext_lazy("jobs", "Live"),
    "finished": _("Finished"),
}
_EXAMPLES: Final = (
    "attempt:>1",
    "worker:",
    "object:",
    'error:"…"',
    "failure:",
    "arg.",
    "name:",
    "id:",
)


class Choice(NamedTuple):
    value: str
    label: Any
    is_chosen: bool


class Select(NamedTuple):
    """A select of the form for people who do not type."""

    key: str
    title: str | Promise
    choices: list[Choice]


def choices(query: Query) -> list[Select]:
    """Return the selects, with the values of the query chosen."""
    statuses: list[tuple[str, Any]] = [(value, _GROUPS[value]) for value in GROUPS]
    statuses += [(status.value, str(status.label)) for status in JobStatus]
    queues = [(name, name) for name in known_queues()]
    classes = sorted((path.rpartition(".")[2], path) for path in registered())
    named = [(_short(path), short) for short, path in classes]
    return [
        _select("status", _("Status"), statuses, query),
        _select("queue", _("Queue"), queues, query),
        _select("class", _("Class"), named, query),
        _select("since", _("Created in the last"), list(_SPANS), query),
        _select("ended", _("Ended in the last"), list(_SPANS), query),
    ]


def suggestions(user: Any) -> list[str]:
    """Return terms that the filter bar suggests while somebody types."""
    return [
        *(f"status:{value}" for value in [*JobStatus.values, *GROUPS]),
        *(f"queue:{name}" for name in known_queues()),
        *(f"class:{_short(path)}" for path in sorted(registered())),
        *(f"{key}:{span}" for key in ("since", "ended") for span, _label in _SPANS),
        f"user:{user.get_username()}",
        *_EXAMPLES,
    ]


def _select(key: str, title: Any, known: list[tuple[str, Any]], query: Query) -> Select:
    """Return a select; a value of the query that it does not offer is offered too."""
    chosen = query.value_of(key)
    if chosen and chosen not in dict(known):
        known = [*known, (chosen, chosen)]
    return Select(key, title, [Choice(value, label, value == chosen) for value, label in known])


def _short(path: str) -> str:
    """Return the last name of a path, or the path itself if several classes have this name."""
    name = path.rpartition(".")[2]
    same = [other for other in registered() if f".{other}".endswith(f".{name}")]
    return name if len(same) == 1 else path
