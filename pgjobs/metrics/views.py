"""The two pages for machines: metrics for Prometheus, health for probes."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse

from pgjobs.conf import LONGEST
from pgjobs.doctor import faults
from pgjobs.metrics.access import guarded
from pgjobs.metrics.collector import encode
from pgjobs.metrics.reading import read


@guarded
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer a scrape, with ``pgjobs_up`` 0 if the database does not answer.

    The status is 200 even then: Prometheus drops the text of any other answer, and could not tell a
    database that is away from a site that is away.
    """
    body, media_type = encode(read(), request.headers.get("Accept", ""))
    return HttpResponse(body, content_type=media_type)


@guarded
def health(request: HttpRequest) -> HttpResponse:
    """Answer a probe: 200 if jobs are run, 503 with the reasons otherwise."""
    try:
        longest = _max_wait(request.GET.get("max_wait"))
    except ValueError as error:
        return JsonResponse({"error": str(error)}, status=400)
    found = faults(request.GET.getlist("queue"), longest)
    return JsonResponse({"healthy": not found, "faults": found}, status=503 if found else 200)


def _max_wait(text: str | None) -> timedelta | None:
    """Return the span of the parameter ``max_wait``. Raises ValueError if it is none."""
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 7 and int(text) <= LONGEST):
        raise ValueError(f"max_wait must be a whole number of seconds up to {LONGEST}.")
    return timedelta(seconds=int(text))
