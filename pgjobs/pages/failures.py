"""The failures, grouped by their cause."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from pgjobs.access import Verb
from pgjobs.pages.address import Address
from pgjobs.pages.page import page, show


@page(Verb.VIEW)
def failures(request: HttpRequest) -> HttpResponse:
    return show(request, "failures.html", {}, title=_("Failures"), tab="failures", every=3)


ADDRESSES: Final = [Address("failures/", failures, "failures")]
