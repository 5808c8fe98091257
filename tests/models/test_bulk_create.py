"""Rows that the ORM makes in bulk, without a verb of pgjobs."""

from __future__ import annotations

import pytest

from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop


@pytest.mark.django_db
def test_bulk_create_makes_rows_as_the_orm_does() -> None:
    made = Job.objects.bulk_create(
        [Job(job_class=Noop.path, name="Noop", queue_name="low") for _ in range(3)]
    )
    assert len({job.pk for job in made}) == 3
    Noop.handle(made[0])
    assert list(Job.objects.order_by("pk").values_list("status", flat=True)) == [
        "completed",
        "pending",
        "pending",
    ]
