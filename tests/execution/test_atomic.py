"""``Meta.atomic``: the work and its completion are one transaction, fenced by the epoch."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from pgjobs import BackgroundJob, JobFailed
from pgjobs.exceptions import JobCancelled, Retry, Snooze
from pgjobs.models import Job
from tests.apps.testapp.jobs import leave_trace
from tests.apps.unruly.jobs import DiesOnceInItsTransaction
from tests.support import traces
from tests.support.elsewhere import elsewhere
from tests.support.eventually import eventually
from tests.support.worker_process import run_burst_here, supervised_unruly_worker

pytestmark = pytest.mark.django_db(transaction=True)


class Atomic(BackgroundJob):
    """Leaves a trace, then does as its test wants."""

    and_then: Any = None

    class Meta:
        atomic = True
        max_attempts = 2

    def run(self) -> str:
        leave_trace("effect", self.job.pk)
        if isinstance(self.and_then, BaseException):
            raise self.and_then
        if self.and_then is not None:
            self.and_then(self.job)
        return "done"


def run_by_a_worker(monkeypatch: pytest.MonkeyPatch, and_then: Any = None, **options: Any) -> Job:
    act = staticmethod(and_then) if callable(and_then) else and_then
    monkeypatch.setattr(Atomic, "and_then", act)
    job = Atomic.enqueue(**options)
    run_burst_here()
    return Job.objects.get(pk=job.pk)


def seen_elsewhere() -> tuple[int, int]:
    """Return the numbers of effects and of completed jobs that another connection sees."""
    return elsewhere(
        lambda: (traces.count("effect"), Job.objects.filter(status="completed").count())
    ).result(5)


def test_an_atomic_job_that_returns_commits_its_effects_and_its_completion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = run_by_a_worker(monkeypatch)

    assert (job.status, job.result, job.attempt) == ("completed", "done", 1)
    assert job.started is not None
    assert job.completed is not None
    assert job.started <= job.completed
    assert traces.labels() == ["effect"]


def test_the_effects_and_the_completion_of_an_atomic_job_become_visible_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []

    def look(job: Job) -> None:
        transaction.on_commit(lambda: seen.append(seen_elsewhere()))
        seen.append(seen_elsewhere())

    run_by_a_worker(monkeypatch, look)

    assert seen == [(0, 0), (1, 1)]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("boom"), "scheduled"),
        (GeneratorExit(), "errored"),
        (JobFailed("no"), "failed"),
        (Retry(after=3600), "scheduled"),
        (Snooze(until=timedelta(hours=1)), "scheduled"),
        (JobCancelled(), "cancelled"),
    ],
)
def test_an_atomic_job_that_raises_leaves_no_effects(
    error: BaseException, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_by_a_worker(monkeypatch, error).status == status
    assert traces.labels() == []


def test_an_atomic_job_that_breaks_its_transaction_is_errored_and_leaves_no_effects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def break_it(job: Job) -> None:
        with suppress(DatabaseError):
            connection.cursor().execute("SELECT nothing")

    job = run_by_a_worker(monkeypatch, break_it, max_attempts=1)

    assert job.status == "errored"
    assert "transaction is aborted" in job.error
    assert traces.labels() == []


def test_an_atomic_run_that_lost_its_row_leaves_no_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    def let_another_finish_it(job: Job) -> None:
        rival = Job.objects.filter(pk=job.pk)
        values = {"epoch": job.epoch + 1, "status": "completed", "completed": job.started}
        elsewhere(lambda: rival.update(**values, result="the rival's")).result(5)

    job = run_by_a_worker(monkeypatch, let_another_finish_it)

    assert (job.status, job.result, job.epoch) == ("completed", "the rival's", 2)
    assert traces.labels() == []


def test_an_atomic_run_whose_row_was_deleted_leaves_no_effects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        Atomic, "and_then", staticmethod(lambda job: elsewhere(Job.objects.all().delete).result(5))
    )
    Atomic.enqueue()

    run_burst_here()

    assert (Job.objects.count(), traces.labels()) == (0, [])


def test_an_atomic_job_whose_worker_was_killed_leaves_its_effect_once(
    child_environment: dict[str, str],
) -> None:
    job = DiesOnceInItsTransaction.enqueue()

    with supervised_unruly_worker(child_environment):
        eventually(lambda: Job.objects.filter(status="completed").exists(), timeout=30)

    job.refresh_from_db()
    assert (job.epoch, job.attempt, job.interruptions) == (2, 1, 1)
    assert traces.labels() == ["effect"]


def test_an_atomic_job_with_an_interval_has_a_successor(monkeypatch: pytest.MonkeyPatch) -> None:
    job = run_by_a_worker(monkeypatch, interval=60)

    assert job.status == "completed"
    assert Job.objects.live().get().interval == 60


@pytest.mark.parametrize(("interval", "savepoints"), [(None, 0), (60, 1)])
def test_an_atomic_job_is_recorded_in_a_savepoint_only_if_it_may_have_a_successor(
    interval: int | None, savepoints: int
) -> None:
    job = Atomic.enqueue(interval=interval)
    with CaptureQueriesContext(connection) as statements:
        job.run_here()

    assert job.status == "completed"
    said = [each["sql"] for each in statements if each["sql"].startswith("SAVEPOINT")]
    assert len(said) == savepoints


def test_the_successor_that_an_atomic_job_got_while_it_ran_does_not_undo_its_work_if_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = User.objects.create(username="ann")

    def give_rule(job: Job) -> None:
        successor = {"interval": 60, "user_id": str(user.pk)}
        elsewhere(lambda: Job.objects.filter(pk=job.pk).update(successor=successor)).result(10)
        elsewhere(user.delete).result(10)

    job = run_by_a_worker(monkeypatch, give_rule)

    assert (job.status, job.attempt, traces.count("effect")) == ("completed", 1, 1)
    assert Job.objects.live().get().user is None


def test_an_atomic_job_that_errored_has_one_successor(monkeypatch: pytest.MonkeyPatch) -> None:
    run_by_a_worker(monkeypatch, ValueError("boom"), interval=60, max_attempts=1)

    assert Job.objects.live().count() == 1


def test_an_atomic_job_may_record_its_own_end(monkeypatch: pytest.MonkeyPatch) -> None:
    job = run_by_a_worker(monkeypatch, lambda job: job.terminate("failed", "no good"))

    assert (job.status, job.error) == ("failed", "no good")
    assert traces.labels() == ["effect"]


def test_an_atomic_job_that_records_its_end_twice_ends_as_it_said_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = []

    def end_twice(job: Job) -> None:
        said.append(job.terminate("failed", "no good"))
        said.append(job.terminate("errored", "worse"))

    job = run_by_a_worker(monkeypatch, end_twice)

    assert (job.status, job.error, said) == ("failed", "no good", [True, False])
    assert traces.labels() == ["effect"]


def test_an_atomic_job_ends_as_it_said_although_its_transaction_is_undone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def end_and_raise(job: Job) -> None:
        job.terminate("failed", "no good")
        raise ValueError("boom")

    job = run_by_a_worker(monkeypatch, end_and_raise)

    assert (job.status, job.error) == ("failed", "no good")
    assert traces.labels() == []


def test_an_atomic_class_with_a_coroutine_is_refused_at_its_definition() -> None:
    async def run(self: BackgroundJob) -> None: ...

    meta = type("Meta", (), {"atomic": True})
    with pytest.raises(TypeError, match="Wrong is atomic, so its run\\(\\) can't be a coroutine"):
        type("Wrong", (BackgroundJob,), {"Meta": meta, "run": run})
