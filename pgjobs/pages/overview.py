"""Is anything wrong, where, and since when?"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from pgjobs.access import Verb
from pgjobs.pages.address import Address
from pgjobs.pages.page import page, show


@page(Verb.VIEW)
def overview(request: HttpRequest) -> HttpResponse:
    return show(request, "overview.html", {}, title=_("Overview"), tab="overview", every=3)


ADDRESSES: Final = [Address("overview/", overview, "overview", alone="")]
