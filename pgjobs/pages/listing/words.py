"""The names of the actions on many jobs, and the messages about their results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.utils.translation import gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from pgjobs.models import JournalEntry
from pgjobs.pages import numbers
from pgjobs.pages.listing.paging import COUNTED


@dataclass(frozen=True, slots=True)
class Words:
    """The words of an action."""

    title: Any
    button: Any
    """With a place for the number of jobs."""
    consequence: Any
    refusal: Any
    """Why jobs are left as they are, for each number of them."""
    done: Any
    """With a place for the number of jobs."""
    is_dangerous: bool = False


WORDS: Final = {
    "retry": Words(
        _("Retry jobs"),
        _("Retry %s"),
        _(
            "The jobs are put back into their queues and run again. A job stays as it is if a live "
            "job holds its enqueue_once() place."
        ),
        ngettext_lazy(
            "%(shown)s of the selected jobs has not finished, so it stays as it is.",
            "%(shown)s of the selected jobs have not finished, so they stay as they are.",
            "number",
        ),
        _("%s will run again."),
    ),
    "cancel": Words(
        _("Cancel jobs"),
        _("Cancel %s"),
        _("Jobs that wait are cancelled at once. Jobs that run are told to stop."),
        ngettext_lazy(
            "%(shown)s of the selected jobs has finished already, so it stays as it is.",
            "%(shown)s of the selected jobs have finished already, so they stay as they are.",
            "number",
        ),
        _("Cancelled, or told to stop: %s."),
        is_dangerous=True,
    ),
    "delete": Words(
        _("Delete jobs"),
        _("Delete %s"),
        _("The jobs are deleted with their logs and results. Nothing brings them back."),
        ngettext_lazy(
            "%(shown)s of the selected jobs has not finished, so it stays; cancel it first.",
            "%(shown)s of the selected jobs have not finished, so they stay; cancel them first.",
            "number",
        ),
        _("Deleted: %s."),
        is_dangerous=True,
    ),
}


def jobs_in_words(number: int | None) -> str:
    """Return ``1 job``, ``4,812 jobs`` or ``more than 10,000 jobs``."""
    if number is None:
        return gettext("more than %s jobs") % numbers.whole(COUNTED)
    return ngettext("%(number)s job", "%(number)s jobs", number) % {"number": numbers.whole(number)}


def refusal_of(words: Words, number: int | None) -> str:
    """Return why ``number`` jobs are left as they are; nothing for none."""
    if not number:
        return ""
    return str(words.refusal % {"number": number, "shown": numbers.whole(number)})


def said_of(words: Words, entry: JournalEntry) -> str:
    """Return the message about the result of an action, or about its start."""
    if entry.state == JournalEntry.State.FAILED:
        return gettext("The action failed: %s") % entry.error
    if entry.state == JournalEntry.State.RUNNING:
        return gettext(
            "The workers carry the action out, on %s. The journal shows how far they have come."
        ) % jobs_in_words(entry.counted)
    said = str(words.done) % jobs_in_words(entry.done)
    if unchanged := max((entry.counted or 0) - entry.done - entry.refused, 0):
        said += " " + gettext("Left as they were: %s.") % jobs_in_words(unchanged)
    if entry.refused:
        said += " " + gettext("PostgreSQL refused %(jobs)s: %(error)s") % {
            "jobs": jobs_in_words(entry.refused),
            "error": entry.error,
        }
    return said


def level_of(entry: JournalEntry) -> int:
    """Return the level of the message about an action."""
    if entry.state == JournalEntry.State.FAILED or entry.refused:
        return messages.WARNING if entry.done else messages.ERROR
    return messages.SUCCESS
