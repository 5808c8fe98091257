"""The jobs of a filter as CSV or JSON, written as they are read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from django.db import router
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from pgjobs import stats
from pgjobs.access import Verb
from pgjobs.models import Job
from pgjobs.pages.address import Address
from pgjobs.pages.listing.asking import asked
from pgjobs.pages.listing.language import read
from pgjobs.pages.listing.visible import visible_jobs
from pgjobs.pages.page import page
from pgjobs.pages.streaming import streamed

BATCH: Final = 500
"""Jobs that are read at a time."""
COLUMNS: Final = tuple(field.name for field in fields(stats.JobRow))
# OWASP, "CSV Injection": the full-width forms too.
_FORMULA: Final = (*"=+-@\t\r", *"\uff1d\uff0b\uff0d\uff20")


@page(Verb.VIEW)
def export(request: HttpRequest) -> Any:
    """Send the jobs that the list shows, all pages of them, the newest first."""
    kind = request.GET.get("format", "csv")
    if kind not in _KINDS:
        return HttpResponse("format must be csv or json.", status=400, content_type="text/plain")
    query = read(asked({"q": request.GET.get("q", "")}).query)
    if not query.is_readable:
        said = "\n".join(query.problems.values())
        return HttpResponse(said, status=400, content_type="text/plain; charset=utf-8")
    jobs = visible_jobs(request.user, query.selection)
    ids = jobs.order_by("-pk").values_list("pk", flat=True).iterator(chunk_size=BATCH)
    write, content_type = _KINDS[kind]
    name = f"jobs-{timezone.localtime():%Y-%m-%d-%H%M}.{kind}"
    return streamed(request, write(_rows(ids)), name=name, content_type=content_type)


def _rows(ids: Iterable[int]) -> Iterator[dict[str, Any]]:
    using = router.db_for_read(Job)
    waiting = iter(ids)
    while batch := list(islice(waiting, BATCH)):
        for job in stats.jobs(batch, using):
            yield asdict(job)


def _csv(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for row in rows:
        yield writer.writerow([_cell(row[name]) for name in COLUMNS])


def _json(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield one array, with a job in each line."""
    yield "["
    for number, row in enumerate(rows):
        yield (",\n" if number else "\n") + json.dumps(row, default=_plain, ensure_ascii=False)
    yield "\n]\n"


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _cell(value: Any) -> Any:
    """Return a value for a cell. A text must not begin as a formula of a spreadsheet does."""
    if isinstance(value, bool | int | float) or value is None:
        return value
    text = value if isinstance(value, str) else _text(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else str(value)


_KINDS: Final[dict[str, Any]] = {
    "csv": (_csv, "text/csv; charset=utf-8"),
    "json": (_json, "application/json"),
}

ADDRESSES: Final = [Address("export/", export, "jobs-export", alone="jobs/export/")]
