"""Odd values in any column of any table but the table of jobs: people see the pages, and jobs run.

A run takes a sample of the rows; MODEL_EXAMPLES sets its size.
"""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, NamedTuple

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from pgjobs import stats
from pgjobs.models import AlertState, JournalEntry, SavedView, WorkerFacts, WorkerOrder
from pgjobs.rows import statistics
from pgjobs.stats.counted import Span
from tests.apps.testapp.jobs import Noop
from tests.pages.scene import Scene, addresses
from tests.support.job_status import has_status
from tests.support.pages import forget_examinations
from tests.support.sql import query
from tests.support.worker_process import run_burst_here

SIZE: Final = int(os.environ.get("MODEL_EXAMPLES", "60"))
SEED: Final = int(os.environ.get("ODD_ROWS_SEED", "1"))

MOMENTS: Final = (
    "infinity",
    "-infinity",
    "0044-03-15 00:00+00 BC",
    "0001-01-01 00:00+02",
    "0002-01-01 00:00+00",
    "9998-12-31 00:00+00",
    "9999-12-31 23:59-02",
    "294276-12-31 00:00+00",
)
NUMBERS: Final = (-(2**63), -(2**31), -(2**15), -1, 0, 2**15 - 1, 2**31 - 1, 10**15, 2**63 - 1)
FLOATS: Final = ("NaN", "Infinity", "-Infinity", 1.7e308, 1e300, -1.0, 1e-320)
TEXTS: Final = ("", " ", "x", "\n\x1b[31m", "<b>", "\u202e\U0001f600", "%s {0} %(x)s", "x" * 9999)
DOCUMENTS: Final = (
    "[" * 5000 + "]" * 5000,
    '{"a": 1e5000}',
    '{"options": "x", "ids": "x", "queue": 5}',
    '{"value": "x"}',
    '{"value": 1e300}',
    '[{"a": 1}, 5, null]',
    '"text"',
    "null",
    "{}",
)
LISTS: Final = ("{}", "{NULL}", '{"\n<b>"}', "{{a},{b}}", "[5:6]={a,b}")
NUMBER_LISTS: Final = ("{}", "{NULL}", "{32767}", "{-32768}", "{1,2}", "{{1},{2}}", "[5:5]={1}")
BY_TYPE: Final[dict[str, tuple[Any, ...]]] = {
    "timestamp with time zone": MOMENTS,
    **dict.fromkeys(("smallint", "integer", "bigint"), NUMBERS),
    "double precision": FLOATS,
    **dict.fromkeys(("text", "character varying"), TEXTS),
    "jsonb": DOCUMENTS,
    "boolean": (True, False),
    "text[]": LISTS,
    "smallint[]": NUMBER_LISTS,
    "bigint[]": (*NUMBER_LISTS, "{9223372036854775807}", "{-1}"),
}
SPANS: Final[tuple[Span, ...]] = ("hour", "day", "week")
PAGES: Final[dict[str, tuple[str, ...]]] = {
    "pgjobs_alert": ("overview",),
    "pgjobs_doorbell": (),
    "pgjobs_ends": ("overview", "queues", "failures"),
    "pgjobs_failure_statistics": ("failures",),
    "pgjobs_journal": ("journal", "entry"),
    "pgjobs_log": ("logs", "job"),
    "pgjobs_order": ("workers",),
    "pgjobs_pause": ("queues",),
    "pgjobs_registry": ("jobs",),
    "pgjobs_round": (),
    "pgjobs_saved_view": ("jobs",),
    "pgjobs_schedule": ("schedules", "schedule"),
    "pgjobs_statistics": ("overview", "queues", "schedule"),
    "pgjobs_waiter": (),
    "pgjobs_worker": ("workers", "worker"),
    "pgjobs_worker_facts": ("workers",),
}
"""The pages that read each table."""


class Odd(NamedTuple):
    table: str
    where: str
    column: str
    value: Any


class NotKept(Exception):
    """Takes back what was written."""


def every_odd_row() -> list[Odd]:
    """Return the values for each column but ids, which the addresses of pages hold."""
    columns = query(
        "SELECT relname, attname, split_part(format_type(atttypid, NULL), '(', 1) AS kind "
        "FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "WHERE relkind = 'r' AND starts_with(relname, 'pgjobs_') AND relname <> 'pgjobs_job' "
        "AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('id', 'worker_id', 'job_id') "
        "ORDER BY relname, attnum"
    )
    return [
        Odd(each["relname"], where, each["attname"], value)
        for each in columns
        for where in parts(each["relname"])
        for value in BY_TYPE[each["kind"]]
    ]


def parts(table: str) -> tuple[str, ...]:
    if table != "pgjobs_statistics":
        return ("true",)
    return tuple(f"period = '{period}'" for period in ("minute", "hour", "day", "total"))


def count_an_end() -> None:
    query(
        "INSERT INTO pgjobs_ends (job_class, queue, outcome, jobs, run_bucket, wait_bucket, "
        "run_seconds, wait_seconds, exception, frame, job_id) "
        f"VALUES ('{Noop.path}', 'default', 'failed', 1, 1, 1, 1, 1, 'builtins.ValueError', 'f', 1)"
    )


def merge() -> None:
    with connection.cursor() as cursor:
        statistics.merge(cursor)
        statistics.forget(cursor)


def fill_the_tables() -> Scene:
    """Let each table have a row, also those for which no page has a verb."""
    scene = Scene()
    count_an_end()
    merge()
    count_an_end()
    AlertState.objects.create(kind="no_worker", subject="low", active=True)
    JournalEntry.objects.create(
        who="ann", surface="sql", verb="cancel", state="running", ended=None, what={"queue": "low"}
    )
    worker = scene.worker.pk
    WorkerOrder.objects.create(worker_id=worker, kind="drain")
    WorkerFacts.objects.create(worker_id=worker, code_version="", pgjobs_version="", memory=1)
    root = User.objects.create_superuser("root", password="x")
    SavedView.objects.create(user_key=str(root.pk), name="mine", query="status=errored")
    query("INSERT INTO pgjobs_doorbell (worker_id, queues) VALUES (%s, '{low}')", worker)
    query("INSERT INTO pgjobs_waiter (job_id) VALUES (1)")
    query("INSERT INTO pgjobs_round (place, begun) VALUES (1, now()) ON CONFLICT DO NOTHING")
    return scene


def is_written(odd: Odd) -> bool:
    """Write an odd value into one row; return False if PostgreSQL refuses it."""
    one = f"SELECT ctid FROM {odd.table} WHERE {odd.where} LIMIT 1"
    try:
        with transaction.atomic():
            query(f"UPDATE {odd.table} SET {odd.column} = %s WHERE ctid = ({one})", odd.value)
            query("SET CONSTRAINTS ALL IMMEDIATE")
            query("SET CONSTRAINTS ALL DEFERRED")
    except (DatabaseError, ValueError):
        return False
    return True


def readers(client: Client, pages: list[str]) -> Iterator[Callable[[], object]]:
    """Yield all that reads the tables."""
    for model in apps.get_app_config("pgjobs").get_models():
        yield partial(list, model._default_manager.all())
    for view in ("jobs", "running", "queues", "workers", "schedules"):
        yield partial(query, f"SELECT * FROM pgjobs_{view}")
    for span in SPANS:
        yield partial(stats.throughput, span)
        yield partial(stats.latency, span)
    yield stats.totals
    yield stats.failure_kinds
    yield partial(call_command, "pgjobs", "metrics", stdout=io.StringIO())
    for page in pages:
        yield partial(client.get, page)
    yield merge


def complaints(odd: Odd, client: Client, pages: list[str]) -> list[str]:
    """Write an odd value, return what its readers complain of, and take it back."""
    found: list[str] = []
    try:
        with transaction.atomic():
            for read in readers(client, pages) if is_written(odd) else ():
                try:
                    with transaction.atomic():
                        read()
                except Exception as error:
                    found.append(repr(error))
            raise NotKept
    except NotKept:
        return found


@pytest.mark.timeout(600)
@pytest.mark.django_db
@pytest.mark.usefixtures("nothing_counted")
def test_odd_rows_of_other_tables_spoil_no_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_examinations(monkeypatch)
    scene = fill_the_tables()
    client.force_login(User.objects.get(username="root"))
    every = every_odd_row()
    assert len(every) > 400
    assert {odd.table for odd in every} == PAGES.keys()

    wrong = {}
    for odd in random.Random(SEED).sample(every, min(SIZE, len(every))):
        pages = addresses(scene, "admin:pgjobs", PAGES[odd.table])
        if found := complaints(odd, client, pages):
            wrong[odd] = found
    assert wrong == {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("empty_queue", "no_system_jobs")
@pytest.mark.parametrize("seed", range(3))
def test_jobs_run_beside_odd_rows_in_all_other_tables(seed: int) -> None:
    fill_the_tables()
    order = random.Random(seed)
    written = {odd for odd in order.sample(every_odd_row(), 300) if is_written(odd)}
    assert {odd.table for odd in written} > {"pgjobs_worker", "pgjobs_registry", "pgjobs_pause"}
    job = Noop.enqueue()

    run_burst_here()

    assert has_status(job, "completed")
