"""A search in the log lines of all jobs."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from pgjobs.access import Verb
from pgjobs.pages.address import Address
from pgjobs.pages.page import page, show


@page(Verb.VIEW)
def logs(request: HttpRequest) -> HttpResponse:
    return show(request, "logs.html", {}, title=_("Logs"), tab="logs", every=3)


ADDRESSES: Final = [Address("logs/", logs, "logs")]
