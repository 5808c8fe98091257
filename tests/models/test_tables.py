"""The tables refuse contradictory rows from any writer, and have no index too many."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from pgjobs.choices import FINISHED, LIVE, STATUS_COLORS, JobInterval, JobNotification, JobStatus
from pgjobs.models import Job, Schedule
from tests.apps.testapp.jobs import Noop
from tests.support.rows import a_site

pytestmark = pytest.mark.django_db


def write_raw(**columns: Any) -> None:
    """Insert a row without the models, and roll it back."""
    row = {"job_class": "x", "name": "x", "queue_name": "default", **columns}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO pgjobs_job ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})",
            list(row.values()),
        )
        transaction.set_rollback(True)


def columns_for(status: str, filled: str) -> dict[str, Any]:
    return {"status": status, **dict.fromkeys(filled.split(), timezone.now())}


POSSIBLE = [
    ("pending", ""),
    ("pending", "scheduled"),
    ("scheduled", "scheduled"),
    ("running", "started"),
    ("running", "scheduled started"),
    ("completed", "started completed"),
    ("errored", "started completed"),
    ("failed", "scheduled started completed"),
    ("cancelled", "completed"),
    ("cancelled", "started completed"),
]
IMPOSSIBLE = [
    ("pending", "started"),
    ("pending", "completed"),
    ("scheduled", ""),
    ("scheduled", "scheduled started"),
    ("scheduled", "scheduled completed"),
    ("running", ""),
    ("running", "started completed"),
    ("completed", "completed"),
    ("completed", "started"),
    ("errored", "completed"),
    ("failed", "started"),
    ("cancelled", ""),
    ("stopped", "started completed"),
]


@pytest.mark.parametrize(("status", "filled"), POSSIBLE)
def test_a_row_whose_moments_fit_its_status_is_accepted(status: str, filled: str) -> None:
    write_raw(**columns_for(status, filled))


@pytest.mark.parametrize(("status", "filled"), IMPOSSIBLE)
def test_a_row_whose_moments_contradict_its_status_is_refused(status: str, filled: str) -> None:
    with pytest.raises(IntegrityError, match="pgjobs_job_status_fits_times"):
        write_raw(**columns_for(status, filled))


def test_a_row_with_an_interval_of_zero_is_refused() -> None:
    with pytest.raises(IntegrityError, match="interval"):
        write_raw(interval=0)


@pytest.mark.parametrize("status", LIVE)
def test_two_live_jobs_cannot_hold_one_place(status: JobStatus) -> None:
    job = Noop.enqueue_once(schedule_at=timezone.now() + timedelta(hours=1))
    if status == JobStatus.RUNNING:
        job.start()
    elif status == JobStatus.PENDING:
        Job.objects.update(status=status)

    with pytest.raises(IntegrityError, match="pgjobs_job_once"):
        write_raw(once_key=job.once_key)


@pytest.mark.parametrize("status", FINISHED)
def test_a_finished_job_holds_no_place(status: JobStatus) -> None:
    job = Noop.enqueue_once()
    job.terminate(status)

    write_raw(once_key=job.once_key)


@pytest.mark.parametrize(
    "rule", [{"interval": 60, "cron": "* * * * *"}, {"interval": None, "cron": ""}]
)
def test_a_schedule_with_both_rules_or_none_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="pgjobs_schedule_one_rule"):
        Schedule.objects.create(job_class="x", next_run=Now(), **rule)


def test_the_table_of_jobs_has_exactly_the_known_indexes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'pgjobs_job'")
        names = {name for (name,) in cursor.fetchall()}

    assert names == {
        "pgjobs_job_pkey",
        "pgjobs_job_ready",
        "pgjobs_job_due",
        "pgjobs_job_running",
        "pgjobs_job_object",
        "pgjobs_job_user",
        "pgjobs_job_finished",
        "pgjobs_job_unsuccessful",
        "pgjobs_job_once",
    }


@pytest.mark.parametrize("column", ["heartbeat", "progress", "data", "error", "message"])
def test_a_column_that_changes_while_a_job_runs_is_in_no_index(column: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename LIKE 'pgjobs%%' AND indexdef ~ %s",
            [rf"\m{column}\M"],
        )
        assert cursor.fetchall() == []


@pytest.mark.parametrize(
    "name",
    "id object_type object_id name created scheduled interval started completed user status data "
    "error queue_name notifications log_entries".split(),
)
def test_a_job_has_netboxs_fields_under_netboxs_names(name: str) -> None:
    assert Job._meta.get_field(name).name == name


def test_job_id_returns_the_primary_key() -> None:
    job = Noop.enqueue()

    assert job.job_id == job.pk


def test_the_statuses_equal_netboxs_and_cancelled() -> None:
    assert [(status.value, str(status.label), status.color) for status in JobStatus] == [
        ("pending", "Pending", "cyan"),
        ("scheduled", "Scheduled", "gray"),
        ("running", "Running", "blue"),
        ("completed", "Completed", "green"),
        ("errored", "Errored", "red"),
        ("failed", "Failed", "red"),
        ("cancelled", "Cancelled", "yellow"),
    ]


def test_every_status_is_live_or_finished() -> None:
    assert {*LIVE, *FINISHED} == set(JobStatus) == set(STATUS_COLORS)
    assert not {*LIVE} & {*FINISHED}


def test_the_choices_equal_netboxs() -> None:
    assert JobNotification.values == ["always", "on_failure", "never"]
    assert JobInterval.values == [1, 60, 720, 1440, 10080, 43200]


def test_a_job_returns_the_colour_of_its_status() -> None:
    assert Noop.enqueue().get_status_color() == "cyan"


def test_jobs_are_listed_with_the_newest_first() -> None:
    first, second = Noop.enqueue(), Noop.enqueue()

    assert list(Job.objects.all()) == [second, first]


def test_a_job_as_text_is_its_name() -> None:
    assert str(Noop.enqueue()) == "Noop"


def test_a_waiting_job_has_no_duration() -> None:
    assert Noop.enqueue().duration is None


def test_the_repr_of_a_job_names_its_row_its_status_and_its_class() -> None:
    job = Noop.enqueue()

    assert repr(job) == f"<Job {job.pk} pending {Noop.path}>"


def test_the_repr_of_a_job_without_its_columns_loads_none(django_assert_num_queries: Any) -> None:
    Noop.enqueue()
    job = Job.objects.only("name").get()

    with django_assert_num_queries(0):
        assert repr(job) == f"<Job {job.pk}>"


def test_a_duration_is_written_as_in_netbox() -> None:
    started = timezone.now()
    job = Job(started=started, completed=started + timedelta(minutes=2, seconds=3.456))

    assert job.duration == "2 minutes, 3.46 seconds"


def test_the_duration_of_a_job_that_never_started_is_its_wait() -> None:
    created = timezone.now()
    job = Job(created=created, completed=created + timedelta(seconds=61))

    assert job.duration == "1 minutes, 1.00 seconds"


def test_a_form_refuses_an_interval_of_zero() -> None:
    job = Noop.enqueue()
    job.interval = 0

    with pytest.raises(ValidationError, match="interval"):
        job.full_clean()


def test_the_address_of_a_job_is_its_page_in_the_admin() -> None:
    job = Noop.enqueue()

    assert job.get_absolute_url() in ("", f"/admin/pgjobs/job/{job.pk}/change/")


def test_the_object_of_a_job_is_found() -> None:
    site = a_site()

    assert Noop.enqueue(site).object == site
