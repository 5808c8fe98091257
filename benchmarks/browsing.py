"""The time of each page in the browser's place, beside many rows."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode

from benchmarks import history, timing
from pgjobs.models import Job

_KIND: Final = {
    "class": "app.jobs.Class0",
    "exception": "builtins.ValueError",
    "frame": "app.jobs:run:1",
}
_FILTERS: Final = (
    "",
    "status:pending",
    "status:errored",
    "queue:high",
    "class:app.jobs.Class0",
    "status:errored queue:low",
    "since:1d",
    "since:1d status:errored",
    "ended:1d",
    "worker:0",
    "name:A",
    "name:Rare",
    'ended:1d error:"row as 7"',
    "no such word",
)


def milliseconds(jobs: int) -> dict[str, Any]:
    """Fill the tables as so many jobs would, and return the median time of each page."""
    history.fill(jobs)
    client = Client()
    client.force_login(User.objects.get_or_create(username="root", is_superuser=True)[0])
    try:
        return {
            name: timing.median_milliseconds(partial(_get, client, address))
            for name, address in _addresses().items()
        }
    finally:
        User.objects.all().delete()


def _addresses() -> dict[str, str]:
    newest = Job.objects.order_by("-pk").values_list("pk", flat=True)
    return {
        **{name: _at(name) for name in ("overview", "doctor-banner", "queues", "workers")},
        **{name: _at(name) for name in ("schedules", "failures", "logs", "journal", "enqueue")},
        "queue": _at("queue", "low"),
        "failure": _at("failure", **_KIND),
        "retry-failures": _at("retry-failures", **_KIND),
        "job": _at("job", newest[0]),
        **{f"jobs {text}".strip(): _at("jobs", q=text) for text in _FILTERS},
        "jobs, the oldest": _at("jobs", after="1"),
    }


def _at(name: str, *args: Any, **query: str) -> str:
    path = reverse(f"pgjobs:{name}", args=args)
    return f"{path}?{urlencode(query)}" if query else path


def _get(client: Client, address: str) -> None:
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answers {answer.status_code}.")
