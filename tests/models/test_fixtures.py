"""Rows that are dumped and loaded with Django's commands."""

from __future__ import annotations

from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from pgjobs.models import (
    AlertState,
    Job,
    JobLogEntry,
    JournalEntry,
    Pause,
    SavedView,
    Schedule,
    WorkerFacts,
    WorkerOrder,
)
from tests.apps.testapp.jobs import Noop
from tests.support.moments import ago
from tests.support.rows import a_job, a_site, a_worker, tell_sql
from tests.support.sql import query

pytestmark = pytest.mark.django_db


def all_rows() -> dict[str, list[dict[str, object]]]:
    """Return the rows of all tables, with moments as exact as a dump in JSON writes them."""
    return {
        model._meta.label: [
            {name: rounded(value) for name, value in row.items()}
            for row in model._default_manager.order_by("pk").values()
        ]
        for model in apps.get_app_config("pgjobs").get_models()
    }


def rounded(value: object) -> object:
    if isinstance(value, datetime):
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    return value


@pytest.mark.parametrize("format", ["json", "jsonl", "xml"])
def test_dumped_rows_can_be_loaded(format: str, tmp_path: Path) -> None:
    worker = a_worker(queues=["high", 'it"s, {odd}'])
    job = a_job("running", worker=worker, progress={"done": 1}, errors=[{"attempt": 1}])
    JobLogEntry.objects.create(
        job=job, attempt=1, level="info", message="a", timestamp=ago(hours=1)
    )
    Noop.enqueue(a_site("Berlin"))
    Pause.objects.pause(queue="low")
    Schedule.objects.create(job_class="a.B", interval=60, next_run=ago(hours=1))
    JournalEntry.objects.create(who="ann", surface="sql", verb="retry", what={"ids": [job.pk]})
    AlertState.objects.create(kind="no_worker", subject="low")
    WorkerOrder.objects.create(worker_id=worker.pk, kind="drain")
    WorkerFacts.objects.create(worker_id=worker.pk, code_version="1", pgjobs_version="2", memory=3)
    SavedView.objects.create(user_key="1", name="mine", query="status:errored")
    tell_sql()
    before = all_rows()
    dump = tmp_path / f"dump.{format}"
    call_command("dumpdata", "pgjobs", format=format, output=str(dump), verbosity=0)
    for model in reversed(list(apps.get_app_config("pgjobs").get_models())):
        query(f"DELETE FROM {model._meta.db_table}")

    call_command("loaddata", str(dump), verbosity=0, stdout=StringIO())

    assert all_rows() == before
    assert all(before.values())


def test_a_new_job_stands_behind_the_jobs_that_were_loaded(tmp_path: Path) -> None:
    first, second = Noop.enqueue(), Noop.enqueue()
    dump = tmp_path / "dump.json"
    call_command("dumpdata", "pgjobs.job", output=str(dump), verbosity=0)
    Job.objects.all().delete()
    query("SELECT setval('pgjobs_position', 1)")

    call_command("loaddata", str(dump), verbosity=0)

    third = Noop.enqueue()
    assert list(Job.objects.order_by("position")) == [first, second, third]


def test_jobs_can_be_enqueued_after_a_job_with_the_last_position_was_loaded(
    tmp_path: Path,
) -> None:
    job = a_job(position=2**63 - 1)
    dump = tmp_path / "dump.json"
    call_command("dumpdata", "pgjobs.job", output=str(dump), verbosity=0)
    job.delete()
    call_command("loaddata", str(dump), verbosity=0, stdout=StringIO())
    assert Noop.enqueue().position < 2**63 - 1
