"""The addresses of the pages, in an admin site and alone."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from pgjobs.pages import failures, job, journal, listing, logs, overview, queues, schedules, workers
from pgjobs.pages.address import Address
from pgjobs.pages.place import Place

ADDRESSES: Final[list[Address]] = [
    *overview.ADDRESSES,
    *listing.ADDRESSES,
    *queues.ADDRESSES,
    *workers.ADDRESSES,
    *schedules.ADDRESSES,
    *failures.ADDRESSES,
    *logs.ADDRESSES,
    *journal.ADDRESSES,
    *job.ADDRESSES,
]


def patterns(place: Place) -> list[URLPattern]:
    """Return the patterns of all pages for ``place``."""
    is_alone = place.admin is None
    return [
        path(
            each.route if each.alone is None or not is_alone else each.alone,
            place.view(each.view),
            name=each.name,
        )
        for each in ADDRESSES
    ]
