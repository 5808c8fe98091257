"""A trigger of the project refuses a row with a SQLSTATE that elsewhere means that the server can't
work: this row alone is to blame."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from pgjobs.models import Job
from pgjobs.steering import bulk
from pgjobs.steering.actor import Actor, Surface
from pgjobs.steering.selection import Selection
from pgjobs.worker.claiming import refusing
from tests.support.rows import a_job
from tests.support.triggers import a_trigger, raising
from tests.support.worker_process import run_burst_here

pytestmark = [
    pytest.mark.usefixtures("empty_queue"),
    pytest.mark.parametrize("code", ["53400", "25006", "58030"]),
]

ANN = Actor(who="ann", surface=Surface.PYTHON)


def statuses() -> dict[str, str]:
    return dict(Job.objects.values_list("name", "status"))


@pytest.mark.parametrize("status", ["running", "completed"])
def test_a_job_whose_claim_or_end_it_refuses_is_errored_and_its_neighbour_completes(
    no_system_jobs: None, monkeypatch: pytest.MonkeyPatch, code: str, status: str
) -> None:
    monkeypatch.setattr(refusing, "TRY_INTERVAL", 0.01)
    refused, _ = a_job(name="refused"), a_job(name="sound")

    with a_trigger(raising(code), "UPDATE", f"OLD.name = 'refused' AND NEW.status = '{status}'"):
        run_burst_here()

    assert statuses() == {"refused": "errored", "sound": "completed"}
    refused.refresh_from_db()
    assert "over quota" in refused.error


def test_a_job_that_it_keeps_from_being_pruned_is_passed_over(code: str) -> None:
    for name in ("refused", "sound"):
        a_job("completed", name=name, completed=timezone.now() - timedelta(days=100))

    with a_trigger(raising(code), "DELETE", "OLD.name = 'refused'"):
        assert Job.objects.prune(days=90) == 1

    assert statuses() == {"refused": "completed"}


def test_a_bulk_action_passes_over_the_job_that_it_refuses(code: str) -> None:
    ids = tuple(a_job(name=name).pk for name in ("refused", "sound"))

    with a_trigger(raising(code), "UPDATE", "OLD.name = 'refused'"):
        entry = bulk.start("cancel", Selection(ids=ids), by=ANN, here=True)

    assert (entry.state, entry.done, entry.refused) == ("done", 1, 1)
    assert statuses() == {"refused": "pending", "sound": "cancelled"}


def test_the_successor_that_it_refuses_does_not_undo_the_end_in_a_transaction(code: str) -> None:
    job = a_job(interval=60)

    with a_trigger(raising(code), "INSERT", "NEW.interval IS NOT NULL"):
        assert Job.objects.cancel(keep_schedule=True) == 1

    job.refresh_from_db()
    assert job.status == "cancelled"
    assert "does not recur" in job.error
