"""``manage.py pgjobs_cancel``"""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop

pytestmark = pytest.mark.django_db


def test_waiting_jobs_are_cancelled_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = Noop.enqueue(), Noop.enqueue()

    call_command("pgjobs_cancel", str(first.pk), str(second.pk))

    assert set(Job.objects.values_list("status", flat=True)) == {"cancelled"}
    assert capsys.readouterr().out == f"{first.pk} cancelled\n{second.pk} cancelled\n"


def test_a_running_job_is_asked_to_end() -> None:
    job = Noop.enqueue()
    assert job.start()

    call_command("pgjobs_cancel", str(job.pk))

    job.refresh_from_db()
    assert (job.status, job.cancel_requested is not None) == ("running", True)


def test_a_recurring_job_cancelled_with_keep_schedule_has_a_successor() -> None:
    job = Noop.enqueue(interval=60)

    call_command("pgjobs_cancel", str(job.pk), "--keep-schedule")

    assert Job.objects.live().get().interval == 60


def test_a_job_that_cannot_be_cancelled_is_named_and_the_others_are_cancelled() -> None:
    finished, waiting = Noop.enqueue(immediate=True), Noop.enqueue()

    with pytest.raises(CommandError, match=f"do not exist: {finished.pk}, 999999999."):
        call_command("pgjobs_cancel", str(finished.pk), "999999999", str(waiting.pk))

    waiting.refresh_from_db()
    assert waiting.status == "cancelled"
