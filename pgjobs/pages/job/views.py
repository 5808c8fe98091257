"""The page of one job."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from pgjobs.access import Verb
from pgjobs.pages.address import Address
from pgjobs.pages.page import page, show


@page(Verb.VIEW)
def job(request: HttpRequest, pk: int) -> HttpResponse:
    return show(request, "job.html", {}, title=_("Job"), tab="jobs", every=3)


ADDRESSES: Final = [Address("<int:pk>/change/", job, "job", alone="jobs/<int:pk>/")]
