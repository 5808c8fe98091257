"""The form to enqueue a job of a launchable class."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from pgjobs.access import Verb
from pgjobs.pages.address import Address
from pgjobs.pages.page import page, show


@page(Verb.ENQUEUE)
def enqueue(request: HttpRequest) -> HttpResponse:
    return show(request, "enqueue.html", {}, title=_("Enqueue"), tab="enqueue", every=3)


ADDRESSES: Final = [Address("enqueue/", enqueue, "enqueue")]
