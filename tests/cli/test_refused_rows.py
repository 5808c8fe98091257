"""PostgreSQL repeats the values of a row that it refuses. Nothing of pgjobs repeats them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from pgjobs import events
from pgjobs.models import Job
from pgjobs.rows.failure import Failure
from pgjobs.rows.outcome import Outcome
from tests.support.rows import a_job
from tests.support.sql import query

pytestmark = pytest.mark.django_db

SECRET = "hunter2-the-planted-secret"


def test_what_postgresql_says_of_a_job_that_it_refuses_tells_no_argument(
    pgjobs: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    query("ALTER TABLE pgjobs_job ADD CONSTRAINT house CHECK (status <> 'cancelled') NOT VALID")
    job = a_job(kwargs={"password": SECRET})
    with pytest.raises(IntegrityError, match=SECRET[:20]) as caught, transaction.atomic():
        Job.objects.filter(pk=job.pk).update(status="cancelled", completed=timezone.now())
    for error in (caught.value, caught.value.__cause__):
        assert isinstance(error, Exception)
        events.tell(events.ClaimRefused(job.pk, error))
        kept = [Failure.of(error), Outcome.unreadable(1, 0, None, error).unstorable(error)]
        assert SECRET[:20] not in repr(kept)
        assert "house" in repr(kept)
    ran = pgjobs("cancel", job.pk)

    assert "house" in ran.errors
    assert "house" in caplog.text
    assert SECRET[:20] not in ran.out + ran.errors + caplog.text
