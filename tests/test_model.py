"""What may happen to jobs, in any order and by several actors.

Repeat a run with `--hypothesis-seed=N`; widen one with MODEL_EXAMPLES=1000.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.db.models.functions import Now
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from pgjobs import BackgroundJob, clock, jobs, transitions
from pgjobs.choices import FINISHED, LIVE, WAITING, JobStatus
from pgjobs.models import Job, Pause, Schedule, WorkerProcess
from pgjobs.outcomes import Outcome
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.janitor import Janitor
from tests.queue_model import COLUMNS, ENDS, MOST_INTERRUPTIONS, QUEUES, QueueModel, next_interval
from tests.testapp.jobs import Logging, Noop, Tracing
from tests.testapp.models import Site

PROFILE = settings(
    max_examples=int(os.environ.get("MODEL_EXAMPLES", "40")),
    stateful_step_count=50,
    deadline=None,
    database=None,
    derandomize="CI" in os.environ,
    suppress_health_check=list(HealthCheck),
)
FAR = datetime(2090, 1, 1, tzinfo=UTC)
OLD = timedelta(days=91)

Class = type[BackgroundJob]
Moment = datetime | None
Rules = Callable[[Any], Any]

classes = st.sampled_from([Noop, Tracing])
queues = st.sampled_from(QUEUES)
intervals = st.sampled_from([None, 5, 60])
moments = st.sampled_from([None, None, None, FAR])
workers = st.integers(0, 1)


def of_queue(name: str) -> dict[str, Any]:
    return {"queue": name}


def of_class(job_class: Class) -> dict[str, Any]:
    return {"job_class": job_class}


def some(*statuses: str) -> Callable[[Rules], Rules]:
    """Only while there are jobs of these statuses."""
    return precondition(lambda self: bool(self.ids(statuses)))


class Jobs(QueueModel):
    engines: ClassVar[list[EngineConnection]]

    @initialize()
    def begin(self) -> None:
        connection.cursor().execute(
            "TRUNCATE pgjobs_job, pgjobs_log, pgjobs_worker, pgjobs_pause, pgjobs_schedule"
        )
        clock.synchronize()
        self.empty(self.engines)
        self.sites = [Site.objects.create(name="site") for _ in range(2)]
        self.chain_count = 0
        self.enqueue(Noop, "default", None, 5)
        self.everything_holds()
        self.enqueue_once(Noop, 0, None, 5)

    # Those who enqueue and steer ----------------------------------------------------------

    @rule(job_class=classes, queue=queues, at=moments, interval=intervals)
    def enqueue(self, job_class: Class, queue: str, at: Moment, interval: int | None) -> None:
        self.chain_count += 1
        chain = f"chain {self.chain_count}"
        self.born(
            job_class.enqueue(queue_name=queue, schedule_at=at, interval=interval, chain=chain)
        )
        self.set_going(chain, interval)

    @rule(job_class=classes, about=st.integers(0, 2), at=moments, interval=intervals)
    def enqueue_once(self, job_class: Class, about: int, at: Moment, interval: int | None) -> None:
        site = self.sites[about] if about < len(self.sites) else None
        chain = f"{job_class.name} of {site and site.pk}"
        holder = self.live_row(chain)
        job = job_class.enqueue_once(site, schedule_at=at, interval=interval, chain=chain)
        if holder is None:
            self.born(job)
        elif next_interval(holder) == interval and at in (None, holder["scheduled"]):
            assert job.pk == holder["id"]
            return
        elif holder["status"] == "running":
            assert job.pk == holder["id"]
        else:
            del self.model[holder["id"]]
            self.born(job)
        follows = holder is not None and holder["status"] == "running" and at is not None
        self.set_going(chain, interval or follows)

    @some(*JobStatus.values)
    @rule(data=st.data(), keep_schedule=st.booleans())
    def cancel(self, data: st.DataObject, keep_schedule: bool) -> None:
        job = self.pick(data, JobStatus.values)
        state = self.model[job]
        won = Job.objects.get(pk=job).cancel(keep_schedule=keep_schedule)
        assert won == (state.status in LIVE)
        if not keep_schedule:
            self.end_chain(job)
        if state.status in WAITING and keep_schedule:
            self.becomes(job, "cancelled", epoch=state.epoch + 1, worker_id=None)
            self.expect_successor(job)
        elif state.status in WAITING:
            self.becomes(job, "cancelled")

    @some(*FINISHED)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        job = self.pick(data, FINISHED)
        row = self.rows[job]
        has_place = row["once_key"] is None or self.live_row(row["kwargs"]["chain"]) is None
        assert Job.objects.get(pk=job).retry() == has_place
        if has_place:
            self.becomes(job, "pending", attempt=0, interruptions=0)
            ended_its_chain = row["started"] is None or row["cancel_requested"] is None
            if row["status"] == "cancelled" and ended_its_chain and row["interval"]:
                self.set_going(row["kwargs"]["chain"], True)

    @some(*JobStatus.values)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        job = self.pick(data, JobStatus.values)
        Job.objects.get(pk=job).delete()
        self.end_chain(job)
        del self.model[job]

    @rule(about=st.integers(0, 1))
    def delete_object(self, about: int) -> None:
        key = str(self.sites[about].pk)
        self.sites[about].delete()
        self.sites[about] = Site.objects.create(name="another")
        for job in [job for job, row in self.rows.items() if row["object_id"] == key]:
            self.end_chain(job)
            if self.model[job].status in WAITING:
                self.becomes(job, "cancelled")
            elif self.model[job].status in FINISHED:
                del self.model[job]

    @rule(subject=queues.map(of_queue) | classes.map(of_class))
    def pause_or_resume(self, subject: dict[str, Any]) -> None:
        assert Pause.objects.pause(**subject) or Pause.objects.resume(**subject)

    # Those who work -----------------------------------------------------------------------

    @rule(worker=workers, limit=st.integers(1, 5))
    def claim(self, worker: int, limit: int) -> None:
        actor = self.actors[worker]
        for job in Job.objects.filter(status="scheduled", scheduled__lte=Now()):
            self.becomes(job.pk, "pending")
        actor.claimer.look()
        expected = self.claimable()[:limit]
        claimed = actor.claimer.claim(limit=limit, worker=actor.worker)
        assert [job.pk for job in claimed] == expected
        for job in claimed:
            state = self.model[job.pk]
            self.becomes(
                job.pk,
                "running",
                epoch=state.epoch + 1,
                attempt=state.attempt + 1,
                worker_id=actor.worker,
            )
            self.claims.append((job.pk, job.epoch, actor.worker))

    @some("running")
    @rule(data=st.data(), status=st.sampled_from(ENDS))
    def finish(self, data: st.DataObject, status: JobStatus) -> None:
        job = self.pick(data, ["running"])
        self.record(job, status=status)
        if status == JobStatus.CANCELLED and self.rows[job]["cancel_requested"] is None:
            self.end_chain(job)  # run() itself said so
        else:
            self.expect_successor(job)

    @some("running")
    @rule(data=st.data(), hours=st.integers(0, 1), attempts_back=st.integers(0, 1))
    def try_again_or_snooze(self, data: st.DataObject, hours: int, attempts_back: int) -> None:
        job = self.pick(data, ["running"])
        delay = timedelta(hours=hours)
        self.record(job, status=JobStatus.SCHEDULED, delay=delay, attempts_back=attempts_back)
        self.ends_if_asked_to(job)

    @some("running")
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        job = self.pick(data, ["running"])
        self.record(job, status=JobStatus.PENDING, attempts_back=1)
        self.ends_if_asked_to(job)

    @some("running")
    @rule(data=st.data())
    def start_a_last_chance(self, data: st.DataObject) -> None:
        job = Job.objects.get(pk=self.pick(data, ["running"]))
        if job.is_last_chance and job.interruptions < MOST_INTERRUPTIONS:
            assert Job.objects.count_last_chance(job)
            self.becomes(job.pk, "running", interruptions=MOST_INTERRUPTIONS)

    @precondition(lambda self: bool(self.claims))
    @rule(data=st.data(), status=st.sampled_from([*ENDS, JobStatus.PENDING, JobStatus.SCHEDULED]))
    def record_too_late(self, data: st.DataObject, status: JobStatus) -> None:
        job, epoch, worker = data.draw(st.sampled_from(self.claims))
        held = self.model.get(job)
        if held is not None and (held.status, held.epoch) == ("running", epoch):
            worker += 1  # another's claim of the same epoch, which a server crash undid
        late = Outcome(job_id=job, epoch=epoch, worker_id=worker, status=status)
        before = Job.objects.filter(pk=job).values(*COLUMNS).first()
        assert transitions.record(self.actors[0].engine.cursor(), [late]) == {}
        assert Job.objects.filter(pk=job).values(*COLUMNS).first() == before

    @rule(dead=workers, rescuer=workers)
    def rescue(self, dead: int, rescuer: int) -> None:
        worker = self.actors[dead].worker
        Janitor(ring=lambda *_: None).rescue(self.actors[rescuer].engine, worker)
        assert WorkerProcess.objects.get(pk=worker).stopped is not None
        assert self.actors[dead].claimer.claim(limit=9, worker=worker) == []
        self.actors[dead].start()
        for job in [job for job in self.ids(["running"]) if self.model[job].worker_id == worker]:
            state = self.model[job]
            if state.interruptions == MOST_INTERRUPTIONS:
                self.becomes(job, "errored")
                self.expect_successor(job)
            else:
                # The last chance is counted when it starts, and this one had not started.
                count = min(state.interruptions + 1, MOST_INTERRUPTIONS - 1)
                self.becomes(job, "pending", attempt=state.attempt - 1, interruptions=count)
                self.ends_if_asked_to(job)

    # Time ---------------------------------------------------------------------------------

    @some("scheduled")
    @rule(data=st.data())
    def a_moment_comes(self, data: st.DataObject) -> None:
        due = Job.objects.filter(pk=self.pick(data, ["scheduled"]))
        due.update(scheduled=Now() - timedelta(seconds=1))

    @rule(status=st.sampled_from(ENDS))
    def prune(self, status: JobStatus) -> None:
        Job.objects.filter(status=status).update(completed=Now() - OLD)
        old = self.ids([status])
        assert Job.objects.prune(days=90) == len(old)
        for job in old:
            del self.model[job]

    @rule()
    def tick(self) -> None:
        holder = self.live_row("clock")
        Schedule.objects.update(next_run=Now() - OLD)
        clock.fire_due()
        clock.fire_due()  # nothing is due any more
        job = Schedule.objects.get().last_job
        assert job is not None
        if holder is None:
            self.born(job)
        else:
            assert job.pk == holder["id"]


@pytest.mark.timeout(400)  # finding the shortest story of a failure takes its time
def test_no_order_of_events_breaks_a_promise(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "pgjobs")  # only the last example's story matters
    monkeypatch.setattr(jobs, "_system_jobs", {})
    Logging.setup(interval=7, chain="clock")
    Jobs.engines = [EngineConnection("default", "model") for _ in range(2)]
    try:
        run_state_machine_as_test(Jobs, settings=PROFILE)
    finally:
        for engine in Jobs.engines:
            engine.close()
