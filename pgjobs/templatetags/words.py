"""Words in the pages' templates: statuses, names, and the actions of the journal."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from pgjobs.choices import JobStatus
from pgjobs.pages import journal


def badge(status: str) -> SafeString:
    """Show the status of a job as a coloured label."""
    if status not in JobStatus:
        return format_html('<span class="pgj-badge">{}</span>', status)
    known = JobStatus(status)
    return format_html('<span class="pgj-badge pgj-{}">{}</span>', known.color, known.label)


def short(path: str) -> str:
    """Show the last name of a dotted path."""
    return str(path).rpartition(".")[2]


def tone(name: str, tones: dict[str, str]) -> str:
    """Return the colour of a state."""
    return tones.get(name, "gray")


def subject(what: Any) -> str:
    """Describe the jobs of an action in a few words."""
    if not isinstance(what, dict):
        return ""
    if isinstance(filters := what.get("filter"), dict):
        return " ".join(f"{key}:{_in_short(value)}" for key, value in filters.items())
    ids = what.get("ids")
    if not isinstance(ids, list) or not ids:
        return ""
    named, more = ", ".join(str(each) for each in ids[:3]), len(ids) - 3
    if more <= 0:
        return ngettext("job %s", "jobs %s", len(ids)) % named
    said = ngettext("jobs %(ids)s and %(more)d more", "jobs %(ids)s and %(more)d more", more)
    return said % {"ids": named, "more": more}


def _in_short(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def verb_in_words(verb: str) -> str:
    """Show the verb of an action; an unknown verb, which SQL by hand can write, unchanged."""
    return str(journal.VERBS.get(verb, verb))


def state_in_words(state: str) -> str:
    """Show the state of an action."""
    return str(journal.WORDS_OF_STATES.get(state, state))


def surface_in_words(surface: str) -> str:
    """Show the surface on which a person acted."""
    return str(journal.SURFACES.get(surface, surface))
