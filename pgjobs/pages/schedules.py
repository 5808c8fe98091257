"""The system jobs: their rules, next runs and last outcomes."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from pgjobs.pages.address import Address
from pgjobs.pages.page import page, show


@page("pgjobs.view_schedule")
def schedules(request: HttpRequest) -> HttpResponse:
    return show(request, "schedules.html", {}, title=_("Schedules"), tab="schedules", every=3)


ADDRESSES: Final = [Address("schedules/", schedules, "schedules")]
