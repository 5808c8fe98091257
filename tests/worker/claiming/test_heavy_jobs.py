"""Heavy jobs: the claim leaves their arguments in the database, and the slot reads them."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pgjobs import BackgroundJob, events, job_end
from pgjobs.choices import JobStatus
from pgjobs.exceptions import JobCancelled
from pgjobs.models import Job
from pgjobs.rows.columns import CLAIMED, LEFT_IF_HEAVY, WIDE
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.claiming.claimer import HEAVY, Claimer
from pgjobs.worker.recording.announcer import tell_rescued
from pgjobs.worker.slots import heavy, preparing
from pgjobs.worker.slots.pool import Pool
from tests.apps.testapp.jobs import Noop
from tests.support.engine import OpenConnection, a_pool
from tests.support.eventually import eventually
from tests.support.rows import a_job, a_worker
from tests.support.sql import query
from tests.support.told_events import ToldSoFar
from tests.support.worker_process import run_burst_here

pytestmark = pytest.mark.usefixtures("empty_queue", "no_system_jobs")

INCOMPRESSIBLE = base64.b64encode(os.urandom(2 * HEAVY)).decode()
ONE_LETTER = "a" * 2 * HEAVY  # stored in some 200 bytes
SHORT_WHEN_READ = "a" * (HEAVY // 2)  # compressed, and light all the same


class Counts(BackgroundJob):
    """Returns the length of its arguments, and of the data and the meta that it finds."""

    def run(self, *args: str, text: str = "") -> list[int]:
        return [len("".join(args)), len(text), len(self.job.data or ""), len(self.job.meta or "")]


class CountsAtomically(Counts):
    class Meta:
        atomic = True


class CountsAsCoroutine(BackgroundJob):
    async def run(self, *args: str, text: str = "") -> list[int]:
        return [len("".join(args)), len(text), len(self.job.data or ""), len(self.job.meta or "")]


class Line:
    """A pool of one slot that runs claimed jobs once it is started."""

    def __init__(self, open_connection: OpenConnection) -> None:
        self.outcomes: list[Outcome | None] = []
        self.pool: Pool = a_pool(self.outcomes)
        self._claimer = Claimer(open_connection(), ("default",))
        self._worker = a_worker().pk

    def claim(self) -> list[Job]:
        jobs = self._claimer.claim(limit=100, worker=self._worker)
        self.pool.submit(jobs)
        return jobs

    def run(self, number: int) -> list[Outcome | None]:
        self.pool.start()
        eventually(lambda: len(self.outcomes) == number)
        return self.outcomes


@pytest.fixture
def line(open_connection: OpenConnection) -> Iterator[Line]:
    line = Line(open_connection)
    yield line
    if line.pool.slots[0].thread.is_alive():
        line.pool.stop(10)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts another statement in the place of the one that reads the columns of a heavy job."""

    def replace(statement: str) -> None:
        monkeypatch.setattr(heavy, "load", lambda name: statement)

    return replace


def test_the_columns_that_a_claim_leaves_are_the_wide_ones() -> None:
    assert set(LEFT_IF_HEAVY) == set(CLAIMED) & set(WIDE)


def test_a_claim_leaves_out_what_is_heavy_and_keeps_the_order(line: Line) -> None:
    expected = []
    for column in LEFT_IF_HEAVY:
        for text in (INCOMPRESSIBLE, ONE_LETTER, SHORT_WHEN_READ, "short"):
            value = {"text": text} if column == "kwargs" else [text]
            columns: dict[str, Any] = {column: value}
            expected.append((a_job(**columns).pk, text in (INCOMPRESSIBLE, ONE_LETTER)))
    half = [INCOMPRESSIBLE[: HEAVY * 2 // 3]]
    expected.append((a_job(args=half, data=half).pk, True))
    jobs = line.claim()
    assert [(job.pk, job.is_heavy) for job in jobs] == expected
    for job in jobs:
        assert set(LEFT_IF_HEAVY) & set(job.__dict__) == (
            set() if job.is_heavy else {*LEFT_IF_HEAVY}
        )


@pytest.mark.parametrize("job_class", [Counts, CountsAtomically, CountsAsCoroutine])
def test_heavy_jobs_run_beside_light_ones_with_all_that_their_rows_hold(
    job_class: type[BackgroundJob],
) -> None:
    texts: dict[str, Any] = {"args": [INCOMPRESSIBLE], "kwargs": {"text": ONE_LETTER}}
    heavy_job = a_job(job_class=job_class.path, **texts, data=ONE_LETTER, meta="meta")
    last_chance = a_job(job_class=job_class.path, **texts, interruptions=2)
    light = [a_job(job_class=job_class.path, kwargs={"text": "light"}) for _ in range(3)]
    heard: list[int] = []

    def hear(sender: object, job: Job, **_: Any) -> None:
        heard.append(len(job.kwargs.get("text", "")))

    job_end.connect(hear)
    try:
        run_burst_here("-c", "2")
    finally:
        job_end.disconnect(hear)
    lengths = [len(INCOMPRESSIBLE), len(ONE_LETTER)]
    results = dict(Job.objects.filter(status="completed").values_list("pk", "result"))
    assert results == {
        heavy_job.pk: [*lengths, len(ONE_LETTER), 4],
        last_chance.pk: [*lengths, 0, 0],
        **{job.pk: [0, 5, 0, 0] for job in light},
    }
    assert sorted(heard) == [5, 5, 5, len(ONE_LETTER), len(ONE_LETTER)]


def test_a_worker_holds_the_arguments_of_a_heavy_job_only_while_it_runs(line: Line) -> None:
    for _ in range(5):
        a_job(kwargs={"text": INCOMPRESSIBLE}, job_class=Counts.path)
    jobs = line.claim()
    outcomes = line.run(5)
    assert [outcome and outcome.status for outcome in outcomes] == [JobStatus.COMPLETED] * 5
    assert not any(name in job.__dict__ for job in jobs for name in LEFT_IF_HEAVY)


def test_a_heavy_job_whose_row_has_moved_on_does_not_start(line: Line, told: ToldSoFar) -> None:
    released, ended, deleted = (a_job(kwargs={"text": INCOMPRESSIBLE}) for _ in range(3))
    line.claim()
    query("UPDATE pgjobs_job SET epoch = epoch + 1 WHERE id = %s", released.pk)
    query(
        "UPDATE pgjobs_job SET status = 'cancelled', completed = now() WHERE id = %s",
        ended.pk,
    )
    query("DELETE FROM pgjobs_job WHERE id = %s", deleted.pk)
    assert line.run(3) == [None] * 3
    assert told(events.JobStarted) == []


def test_a_heavy_job_with_json_that_python_cannot_read_is_errored(told: ToldSoFar) -> None:
    odd = a_job()
    value = f'{{"a": 1e5000, "b": "{INCOMPRESSIBLE}"}}'
    query("UPDATE pgjobs_job SET kwargs = %s WHERE id = %s", value, odd.pk)
    Noop.enqueue_many({} for _ in range(3))
    run_burst_here("-c", "2")
    job = Job.objects.defer("kwargs").get(pk=odd.pk)
    assert (job.status, job.epoch, job.interruptions) == ("errored", 1, 0)
    assert "can't be read. kwargs: " in job.error
    assert len(told(events.JobUnreadable, job=odd.pk)) == 1
    assert Job.objects.filter(status="completed").count() == 3


def test_a_heavy_job_that_starts_while_the_database_is_away_is_released(
    line: Line, told: ToldSoFar, reading: Callable[[str], None]
) -> None:
    reading("SELECT pg_terminate_backend(pg_backend_pid()), %(id)s, %(epoch)s")
    job = a_job(kwargs={"text": INCOMPRESSIBLE})
    line.claim()
    (outcome,) = line.run(1)
    assert outcome is not None
    assert outcome == Outcome.released(job.pk, 1, outcome.worker_id)
    assert len(told(events.JobNotStarted, job=job.pk)) == 1


def test_a_heavy_job_that_starts_while_its_process_may_open_no_file_is_released(
    line: Line, told: ToldSoFar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heavy, "load", lambda name: os.open("/nowhere", os.O_RDONLY))
    monkeypatch.setattr(preparing, "PAUSE", 0.0)
    job = a_job(kwargs={"text": INCOMPRESSIBLE})
    line.claim()
    (outcome,) = line.run(1)
    assert outcome is not None
    assert outcome == Outcome.released(job.pk, 1, outcome.worker_id)
    assert len(told(events.JobNotStarted, job=job.pk)) == 1


@pytest.mark.parametrize("limit", ["repeat('a', 1200000000)", "pg_sleep(60)"])
def test_a_heavy_job_whose_arguments_hit_a_limit_of_the_server_is_errored(
    line: Line, reading: Callable[[str], None], limit: str
) -> None:
    timeout = "SELECT set_config('statement_timeout', '100', false), %(id)s, %(epoch)s; "
    reading(f"{timeout} SELECT {limit}")
    a_job(kwargs={"text": INCOMPRESSIBLE})
    line.claim()
    (outcome,) = line.run(1)
    assert outcome is not None
    assert outcome.status == JobStatus.ERRORED
    assert "can't be read. " in outcome.error


def test_a_heavy_job_that_is_cancelled_while_its_arguments_are_read_does_not_start(
    line: Line, told: ToldSoFar, reading: Callable[[str], None]
) -> None:
    reading("SELECT pg_sleep(60), %(id)s, %(epoch)s")
    a_job(kwargs={"text": INCOMPRESSIBLE})
    line.claim()
    line.pool.start()
    ((job, _identity),) = eventually(line.pool.running)
    line.pool.request_stop(job, JobCancelled("The job was cancelled."))
    eventually(lambda: line.outcomes)
    (outcome,) = line.outcomes
    assert outcome is not None
    assert outcome.status == JobStatus.CANCELLED
    assert told(events.JobStarted) == []


def test_a_rescuer_does_not_read_the_arguments_of_rescued_jobs() -> None:
    rescued: list[Any] = []
    end = events.listen(events.JobRescued, lambda event: rescued.append(event.job))
    try:
        tell_rescued([a_job(kwargs={"text": INCOMPRESSIBLE}).pk])
    finally:
        end()
    assert set(LEFT_IF_HEAVY) <= rescued[0].get_deferred_fields()
