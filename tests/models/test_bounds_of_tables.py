"""The bounds that the tables themselves hold, whoever writes the row."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from pgjobs.models import (
    AlertState,
    JobLogEntry,
    JournalEntry,
    Pause,
    Schedule,
    WorkerFacts,
    WorkerOrder,
)
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker, tell_sql
from tests.support.sql import query

MOMENTS = ("infinity", "-infinity", "0044-03-15 00:00+00 BC", "12000-01-01 00:00+00")

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_row_in_each_table() -> None:
    JobLogEntry.objects.create(job=a_job(), timestamp=ago(minutes=1), level="info", message="")
    Pause.objects.create(kind="queue", name="low")
    Schedule.objects.create(job_class="a.B", interval=60, next_run=ago(minutes=1))
    AlertState.objects.create(kind="no_worker", subject="low")
    JournalEntry.objects.create(who="ann", surface="sql", verb="cancel")
    worker = a_worker().pk
    WorkerOrder.objects.create(worker_id=worker, kind="drain")
    WorkerFacts.objects.create(worker_id=worker, code_version="", pgjobs_version="", memory=1)
    tell_sql()


MODELS = [
    model
    for model in apps.get_app_config("pgjobs").get_models()
    if any(isinstance(field, models.DateTimeField) for field in model._meta.fields)
]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@pytest.mark.usefixtures("one_row_in_each_table")
def test_no_column_holds_a_moment_that_python_cannot_hold(
    model: type[models.Model], moment: str
) -> None:
    assert model._default_manager.exists()
    columns = [f.column for f in model._meta.fields if isinstance(f, models.DateTimeField)]
    for column in columns:
        with pytest.raises(IntegrityError, match="in_range"), transaction.atomic():
            query(f"UPDATE {model._meta.db_table} SET {column} = %s", moment)


def test_a_schedule_has_no_interval_of_no_minutes() -> None:
    with pytest.raises(IntegrityError, match="interval_positive"):
        Schedule.objects.create(job_class="a.B", interval=0, next_run=ago(minutes=1))


def test_an_entry_of_the_journal_has_an_end_unless_it_runs() -> None:
    for state, ended in (("running", ago(minutes=1)), ("done", None)):
        with pytest.raises(IntegrityError, match="state_fits_end"), transaction.atomic():
            JournalEntry.objects.create(
                who="ann", surface="sql", verb="cancel", state=state, ended=ended
            )


@pytest.mark.parametrize("column", ["what", "options", "error"])
def test_an_entry_of_the_journal_holds_no_text_of_any_length(column: str) -> None:
    entry = JournalEntry(who="ann", surface="sql", verb="cancel")
    setattr(entry, column, "x" * 1_000_001)
    with pytest.raises(IntegrityError, match="pgjobs_journal_sizes"):
        entry.save()
