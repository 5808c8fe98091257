"""The pages of operators: their addresses, and what a user finds on them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode

from pgjobs.doctor import examination, project
from pgjobs.models import JournalEntry
from pgjobs.pages.overview.doctor import PRACTICE
from tests.support.staff import messages

EVERYTHING = (
    "view_job",
    "add_job",
    "change_job",
    "delete_job",
    "manage_queues",
    "view_schedule",
    "change_schedule",
    "view_workerprocess",
    "change_workerprocess",
    "view_journalentry",
)
VIEWER = ("view_job", "view_schedule", "view_workerprocess", "view_journalentry")


def forget_examinations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pages examine anew, without the wrong classes of other tests."""
    rest = tuple(each for each in examination.SPECIALISTS if each is not project.failed_checks)
    monkeypatch.setattr(examination, "SPECIALISTS", rest)
    monkeypatch.setattr(PRACTICE, "last", None)


def at(name: str, *args: Any, **query: Any) -> str:
    """Return the address of a page in the admin."""
    path = reverse(f"admin:pgjobs:{name}", args=args)
    return f"{path}?{urlencode(query)}" if query else path


def order(client: Client, name: str, *args: Any, query: Any = None, **form: Any) -> list[str]:
    """Send the form of an action, and return the messages to the user."""
    return messages(client.post(at(name, *args, **(query or {})), form, follow=True))


def journalled() -> list[tuple[str, str, str, int]]:
    """Return the entries of the journal as (who, verb, subject, done), the oldest first."""
    rows = JournalEntry.objects.order_by("pk")
    return list(rows.values_list("who", "verb", "subject", "done"))
