"""The findings of the doctor. A request of their own examines, so that no page waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pgjobs.access import Verb, sees_all
from pgjobs.doctor import Finding, Severity, examine
from pgjobs.pages.address import Address
from pgjobs.pages.page import has, page, show

FRESH: Final = 60.0
"""Seconds in which a process examines once."""
NEEDS: Final = "pgjobs.view_workerprocess"
"""Findings name workers, hosts and sessions. They count all jobs besides."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What the doctor found, and when."""

    findings: Sequence[Finding]
    at: datetime
    began: float

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.began < FRESH

    @property
    def wrong(self) -> list[Finding]:
        """The findings that ask for an action, the worst first."""
        return [each for each in self.findings if each.severity > Severity.NOTE]


class _Practice:
    """The last examination of this process."""

    def __init__(self) -> None:
        self.last: Examination | None = None
        self._turn = threading.Lock()

    def examine(self) -> Examination:
        """Return the last examination if it is fresh, and examine otherwise."""
        with self._turn:
            if self.last is None or not self.last.is_fresh:
                began = time.monotonic()
                self.last = Examination(examine(), timezone.now(), began)
            return self.last


PRACTICE: Final = _Practice()


def may_ask(user: Any) -> bool:
    """Return whether ``user`` may see what the doctor finds."""
    return has(user, NEEDS) and sees_all(user)


@page(Verb.VIEW)
def findings(request: HttpRequest) -> HttpResponse:
    """Show all findings."""
    context = {"examination": _examined(request), "severities": Severity}
    return show(request, "doctor.html", context, title=_("Doctor"), tab="overview")


@page(Verb.VIEW)
def banner(request: HttpRequest) -> HttpResponse:
    """Answer with the findings that ask for an action, as a part of the overview."""
    context = {"examination": _examined(request)}
    return render(request, "pgjobs/pages/_doctor.html", context)


def _examined(request: HttpRequest) -> Examination:
    if not may_ask(request.user):
        raise PermissionDenied
    return PRACTICE.examine()


ADDRESSES: Final = [
    Address("doctor/", findings, "doctor"),
    Address("doctor/banner/", banner, "doctor-banner"),
]
