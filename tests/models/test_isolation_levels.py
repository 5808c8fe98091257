"""The verbs of a job in a database whose transactions are stricter than ``read committed``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from django.db import transaction

from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop
from tests.support.elsewhere import elsewhere, is_waited_for
from tests.support.eventually import eventually
from tests.support.rows import a_job
from tests.support.sql import query

pytestmark = pytest.mark.django_db(transaction=True)

VERBS: Final[dict[str, tuple[str, Callable[[Job], Any], str]]] = {
    "cancel": ("pending", Job.cancel, "cancelled"),
    "skip": ("pending", lambda job: job.cancel(keep_schedule=True), "cancelled"),
    "retry": ("completed", Job.retry, "pending"),
    "start": ("pending", Job.start, "running"),
    "handle": ("pending", Noop.handle, "completed"),
    "terminate": ("running", Job.terminate, "completed"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_waited_for_a_change_of_its_row_reaches_its_end(verb: str) -> None:
    status, act, end = VERBS[verb]
    job = a_job(status)

    def act_above_read_committed() -> None:
        query("SET default_transaction_isolation = 'repeatable read'")
        act(Job.objects.get(pk=job.pk))

    with transaction.atomic():
        Job.objects.filter(pk=job.pk).update(priority=5)
        done = elsewhere(act_above_read_committed)
        eventually(is_waited_for)
    done.result(20)

    job.refresh_from_db()
    assert (job.status, job.priority) == (end, 5)
