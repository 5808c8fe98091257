"""The queues: what waits in each, who serves it, and whether it is paused."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from pgjobs.access import Verb
from pgjobs.pages.address import Address
from pgjobs.pages.page import page, show


@page(Verb.VIEW)
def queues(request: HttpRequest) -> HttpResponse:
    return show(request, "queues.html", {}, title=_("Queues"), tab="queues", every=3)


ADDRESSES: Final = [Address("queues/", queues, "queues")]
