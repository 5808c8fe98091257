"""The list of jobs."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from pgjobs.access import Verb
from pgjobs.pages.address import Address
from pgjobs.pages.page import page, show


@page(Verb.VIEW)
def jobs(request: HttpRequest) -> HttpResponse:
    return show(request, "jobs.html", {}, title=_("Jobs"), tab="jobs", every=3)


ADDRESSES: Final = [Address("", jobs, "jobs", alone="jobs/")]
