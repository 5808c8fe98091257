"""The workers: what each runs, and the orders to drain and restart."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from pgjobs.pages.address import Address
from pgjobs.pages.page import page, show


@page("pgjobs.view_workerprocess")
def workers(request: HttpRequest) -> HttpResponse:
    return show(request, "workers.html", {}, title=_("Workers"), tab="workers", every=3)


ADDRESSES: Final = [Address("workers/", workers, "workers")]
