"""The present filter in other forms: as SQL, as a command, as an address."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from django.db import connections, router
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pgjobs.models import Job
from pgjobs.pages.listing.language import Query, Term, texts_of
from pgjobs.pages.page import address

_COLUMNS: Final = ("id", "status", "queue_name", "name", "created", "started", "completed", "error")
_SHOWN: Final = 100
"""Rows that the statement asks for."""
_OPTIONS: Final = {
    "status": "--status",
    "queue": "--queue",
    "job_class": "--class",
    "name": "--name",
    "object": "--object",
    "user": "--user",
    "worker": "--worker",
    "attempt": "--attempt",
    "since": "--since",
    "before": "--before",
    "ended": "--ended",
    "ended_before": "--ended-before",
    "arg": "--arg",
    "error": "--error",
    "failure": "--failure",
    "text": "--text",
}


class Copy(NamedTuple):
    title: str | Promise
    text: str


def copies(request: HttpRequest, query: Query) -> list[Copy]:
    """Return the forms in which people take a readable query away."""
    page = request.build_absolute_uri(address(request, "jobs", q=str(query)))
    return [
        Copy(_("As a URL"), page),
        Copy(_("As a command"), as_command(query.terms)),
        Copy(_("As SQL"), as_sql(query)),
    ]


def as_command(terms: Sequence[Term]) -> str:
    """Return the command that lists the same jobs."""
    given: dict[str, Any] = texts_of(terms)
    words = ["manage.py", "pgjobs", "list", *map(str, given.pop("ids", ()))]
    for name, value in given.items():
        values = value if isinstance(value, list) else [value]
        words += [f"{_OPTIONS[name]}={each}" for each in values]  # one may begin with a dash
    return shlex.join(words)


def as_sql(query: Query) -> str:
    """Return the statement that reads the newest of the same jobs, with its values in it.

    The moments in it are absolute: it finds the same jobs whenever it runs.
    """
    using = router.db_for_read(Job)
    jobs = Job.objects.using(using)
    found = jobs if query.selection.is_empty else query.selection.jobs(jobs)
    rows = found.order_by("-pk").values(*_COLUMNS)[:_SHOWN]
    sql, params = rows.query.sql_with_params()
    connection: Any = connections[using]
    return f"{connection.ops.compose_sql(_tidied(sql), params)};"


def _tidied(sql: str) -> str:
    """Return a statement in lines and with short names. It has no values yet, so none changes."""
    sql = re.sub(r'"pgjobs_job"\.("\w+")( AS \1)?', r"\1", sql)
    return re.sub(r" (FROM|WHERE|ORDER BY|LIMIT) ", r"\n\1 ", sql)
