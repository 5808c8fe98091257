"""Rows with odd values in any column: sound jobs beside them run, and people can see, cancel and
delete each of them.

A run takes a sample of the rows; MODEL_EXAMPLES sets its size.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pytest
from django.db import DataError, IntegrityError
from django.test import Client
from pytest_django import Settings

from pgjobs.choices import FINISHED
from pgjobs.models import Job
from pgjobs.worker.claiming import refusing
from tests.apps.testapp.jobs import Noop
from tests.support.moments import ago
from tests.support.rows import a_job
from tests.support.sql import query
from tests.support.staff import LIST, choose, page, signed_in
from tests.support.worker_process import run_burst_here

SIZE: Final = int(os.environ.get("MODEL_EXAMPLES", "60"))
SEED: Final = int(os.environ.get("ODD_ROWS_SEED", "1"))

MOMENTS: Final = (
    "infinity",
    "-infinity",
    "4713-01-01 00:00+00 BC",
    "0044-03-15 00:00+00 BC",
    "0001-01-01 00:00+02",
    "0001-12-31 00:00+00",
    "0002-01-01 00:00+00",
    "9998-12-31 23:59+00",
    "9999-12-31 23:59-02",
    "12000-01-01 00:00+00",
    "294276-12-31 00:00+00",
)
NUMBERS: Final = (-(2**63), -(2**31), -(2**15), -1, 0, 1, 2, 2**15 - 2, 2**15 - 1)
LARGE_NUMBERS: Final = (2**15, 2**31 - 2, 2**31 - 1, 2**31, 2**63 - 1)
DOCUMENTS: Final = (
    "[" * 5000 + "]" * 5000,
    '{"a":' * 900 + "1" + "}" * 900,
    '{"a": 1e5000}',
    '{"done": 1e131071, "total": 1}',
    '{"done": 1, "total": 1e-16383}',
    '{"done": 1e99, "total": 1e-99, "message": {"a": [1]}}',
    '{"done": -1, "total": "x", "message": 5}',
    '[{"message": {"a": 1}}, 5, null, [[]]]',
    '{"$datetime": "infinity"}',
    '{"scheduled": "nonsense"}',
    '"text"',
    "null",
    "true",
    "5",
    "[]",
    "{}",
)
TEXTS: Final = ("", " ", "x", "\n\x1b[31m", "<b>", "\u202e\U0001f600", "9" * 100, "%s {0} %(x)s")
ODD: Final[dict[str, tuple[Any, ...]]] = {
    **dict.fromkeys("created scheduled started completed cancel_requested".split(), MOMENTS),
    **dict.fromkeys(
        "epoch attempt max_attempts interruptions timeout interval priority position".split(),
        NUMBERS + LARGE_NUMBERS,
    ),
    **dict.fromkeys("args kwargs data result errors progress meta successor".split(), DOCUMENTS),
    **dict.fromkeys("name job_class object_id error once_key notifications".split(), TEXTS),
}
STATUSES: Final = ("pending", "scheduled", "completed")


class Odd(NamedTuple):
    status: str
    column: str
    value: Any


# An end that can't be written because of its successor is a matter of the recorder.
ROWS: Final = [
    Odd(status, column, value)
    for status in STATUSES
    for column, values in ODD.items()
    for value in values
    if column != "successor" or status == "completed"
]


@pytest.fixture(autouse=True)
def hurry(
    empty_queue: None,
    no_system_jobs: None,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    monkeypatch.setattr(refusing, "TRY_INTERVAL", 0.01)
    settings.PGJOBS = {**settings.PGJOBS, "JOB_RETENTION": 0}  # some jobs ended long ago


@pytest.fixture
def staff(empty_queue: None) -> Client:
    return signed_in("view_job", "change_job", "delete_job")


def written(odd: Odd) -> int | None:
    """Insert a row and return its id, or None if PostgreSQL refuses the value."""
    due = {"scheduled": ago(minutes=1)} if odd.status == "scheduled" else {}
    job = a_job(odd.status, name="odd", **due)
    try:
        query(f"UPDATE pgjobs_job SET {odd.column} = %s WHERE id = %s", odd.value, job.pk)
    except (DataError, IntegrityError):
        query("DELETE FROM pgjobs_job WHERE id = %s", job.pk)
        return None
    return job.pk


def sample() -> Iterator[Odd]:
    yield from random.Random(SEED).sample(ROWS, min(SIZE, len(ROWS)))


def test_odd_rows_hold_up_no_job_and_no_page(staff: Client) -> None:
    assert len(ROWS) > 400
    odd: dict[int, Odd] = {}
    sound = []
    for row in sample():
        sound.append(Noop.enqueue().pk)
        if (written_id := written(row)) is not None:
            odd[written_id] = row
    assert len(odd) > SIZE / 4

    run_burst_here("-c", "2")

    ran = Job.objects.filter(pk__in=sound)
    assert set(ran.values_list("status", "attempt", "interruptions")) == {("completed", 1, 0)}
    statuses = dict(Job.objects.filter(pk__in=odd).values_list("pk", "status"))
    unfinished = {odd[key] for key, status in statuses.items() if status not in FINISHED}
    assert {row for row in unfinished if not waits_for_the_future(row)} == set()

    assert {job.pk for job in Job.objects.all()} >= odd.keys()
    listed: set[int] = set()
    address = LIST
    while address:
        response = staff.get(address)
        assert response.status_code == 200
        part = response.context["part"]
        listed |= {row.job.pk for row in response.context["rows"]}
        address = f"{LIST}?before_id={part.ids[-1]}" if part.has_older else ""
    assert listed >= odd.keys()
    rows = json.loads(b"".join(staff.get(f"{LIST}export/", {"format": "json"})))
    assert {row["id"] for row in rows} >= odd.keys()
    for name in ("jobs", "running", "queues", "failures", "workers", "schedules"):
        query(f"SELECT * FROM pgjobs_{name}")
    for key, row in odd.items():
        assert f'"/admin/pgjobs/job/{key}/' in page(staff, Job(pk=key)), row

    waiting = [key for key, status in statuses.items() if status not in FINISHED]
    assert Job.objects.filter(pk__in=waiting).cancel() == len(waiting)
    half = len(odd) // 2
    for job in Job.objects.filter(pk__in=list(odd)[:half]):
        job.cancel()
        job.delete()
    choose(staff, "delete", *(Job(pk=key) for key in list(odd)[half:]))
    assert not Job.objects.filter(pk__in=odd).exists()


def waits_for_the_future(row: Odd) -> bool:
    return row.column == "scheduled" and row.value.startswith("9998")
