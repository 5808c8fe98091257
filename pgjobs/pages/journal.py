"""The actions of people and programs."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from pgjobs.pages.address import Address
from pgjobs.pages.page import page, show


@page("pgjobs.view_journalentry")
def journal(request: HttpRequest) -> HttpResponse:
    return show(request, "journal.html", {}, title=_("Journal"), tab="journal", every=3)


ADDRESSES: Final = [Address("journal/", journal, "journal")]
