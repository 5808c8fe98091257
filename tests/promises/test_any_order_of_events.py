"""Events of several actors on jobs, in any order.

Repeat a run with `--hypothesis-seed=N`; widen one with MODEL_EXAMPLES=1000.
"""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import pytest
from django.db import connection
from django.db.models.functions import Now
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from pgjobs import BackgroundJob
from pgjobs.choices import FINISHED, LIVE, WAITING, JobStatus
from pgjobs.clock import schedules, synchronizing
from pgjobs.models import Job, Pause, Schedule, WorkerProcess
from pgjobs.queues import DEFAULT_QUEUES
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.slots.last_chance import count_last_chance
from tests.apps.testapp.jobs import Logging, Noop, Tracing
from tests.apps.testapp.models import Site
from tests.support.engine import a_janitor
from tests.support.queue_model import (
    COLUMNS,
    ENDS,
    MOST_INTERRUPTIONS,
    Actor,
    QueueModel,
    State,
    next_interval,
)
from tests.support.registry import forget_system_jobs

EXAMPLES: Final = int(os.environ.get("MODEL_EXAMPLES", "20"))
PROFILE = settings(
    max_examples=EXAMPLES,
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

classes = st.sampled_from([Noop, Tracing])
queues = st.sampled_from(DEFAULT_QUEUES)
intervals = st.sampled_from([None, 5, 60])
moments = st.sampled_from([None, None, None, FAR])


def of_queue(name: str) -> dict[str, Any]:
    return {"queue": name}


def of_class(job_class: Class) -> dict[str, Any]:
    return {"job_class": job_class}


def actors(model: QueueModel) -> st.SearchStrategy[Actor]:
    return st.sampled_from(model.actors)


class Jobs(QueueModel):
    engines: ClassVar[list[EngineConnection]]

    @initialize()
    def begin(self) -> None:
        connection.cursor().execute(
            "TRUNCATE pgjobs_job, pgjobs_log, pgjobs_worker, pgjobs_pause, pgjobs_schedule"
        )
        synchronizing.synchronize()
        self.empty(self.engines)
        self.sites = [Site.objects.create(name="site") for _ in range(2)]
        self.chain_count = 0
        self.enqueue(Noop, "default", None, 5)
        self.everything_holds()
        self.enqueue_once(Noop, 0, None, 5)
        unlucky = Noop.enqueue(chain="unlucky")
        Job.objects.filter(pk=unlucky.pk).update(interruptions=MOST_INTERRUPTIONS - 1)
        self.model[unlucky.pk] = State("pending", interruptions=MOST_INTERRUPTIONS - 1)

    # Enqueuers and operators ----------------------------------------------------------

    @rule(job_class=classes, queue=queues, at=moments, interval=intervals)
    def enqueue(self, job_class: Class, queue: str, at: Moment, interval: int | None) -> None:
        self.chain_count += 1
        chain = f"chain {self.chain_count}"
        self.born(
            job_class.enqueue(queue_name=queue, schedule_at=at, interval=interval, chain=chain)
        )
        self.set_going(chain, interval)

    @rule(job_class=classes, about=st.sampled_from([0, 0, 1, 2]), at=moments, interval=intervals)
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

    @rule(data=st.data())
    def steer(self, data: st.DataObject) -> None:
        verbs = ("cancel", "delete", "delete_object", "pause_or_resume")
        self.draw_verb(data, {"retry": FINISHED, **dict.fromkeys(verbs, JobStatus.values)})

    def cancel(self, data: st.DataObject, job: int) -> None:
        keep_schedule = data.draw(st.booleans(), "keep_schedule")
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

    def retry(self, data: st.DataObject, job: int) -> None:
        row = self.rows[job]
        has_place = row["once_key"] is None or self.live_row(row["kwargs"]["chain"]) is None
        assert Job.objects.get(pk=job).retry() == has_place
        if has_place:
            self.becomes(job, "pending", attempt=0, interruptions=0)
            ended_its_chain = row["started"] is None or row["cancel_requested"] is None
            if row["status"] == "cancelled" and ended_its_chain and row["interval"]:
                self.set_going(row["kwargs"]["chain"], True)

    def delete(self, data: st.DataObject, job: int) -> None:
        Job.objects.get(pk=job).delete()
        self.end_chain(job)
        del self.model[job]

    def delete_object(self, data: st.DataObject, job: int) -> None:
        about = data.draw(st.integers(0, 1), "object")
        key = str(self.sites[about].pk)
        self.sites[about].delete()
        self.sites[about] = Site.objects.create(name="another")
        for job in [job for job, row in self.rows.items() if row["object_id"] == key]:
            self.end_chain(job)
            if self.model[job].status in WAITING:
                self.becomes(job, "cancelled")
            elif self.model[job].status in FINISHED:
                del self.model[job]

    def pause_or_resume(self, data: st.DataObject, job: int) -> None:
        subject = data.draw(queues.map(of_queue) | classes.map(of_class))
        assert Pause.objects.pause(**subject) or Pause.objects.resume(**subject)

    # Workers -----------------------------------------------------------------------

    @rule(data=st.data())
    def work(self, data: st.DataObject) -> None:
        verbs = ("finish", "try_again_or_snooze", "release", "start_a_last_chance")
        self.draw_verb(data, {"claim": ["pending"], **dict.fromkeys(verbs, ("running",))})

    def claim(self, data: st.DataObject, job: int) -> None:
        actor, limit = data.draw(actors(self)), data.draw(st.integers(1, 5), "limit")
        for due in Job.objects.filter(status="scheduled", scheduled__lte=Now()):
            self.becomes(due.pk, "pending")
        actor.claimer.look()
        expected = self.claimable()[:limit]
        claimed = actor.claimer.claim(limit=limit, worker=actor.worker)
        assert [taken.pk for taken in claimed] == expected
        for taken in claimed:
            state = self.model[taken.pk]
            self.becomes(
                taken.pk,
                "running",
                epoch=state.epoch + 1,
                attempt=state.attempt + 1,
                worker_id=actor.worker,
            )

    def finish(self, data: st.DataObject, job: int) -> None:
        status = data.draw(st.sampled_from(ENDS))
        self.record(job, status=status)
        if status == JobStatus.CANCELLED and self.rows[job]["cancel_requested"] is None:
            self.end_chain(job)  # ended by run() itself
        else:
            self.expect_successor(job)

    def try_again_or_snooze(self, data: st.DataObject, job: int) -> None:
        delay = timedelta(hours=data.draw(st.integers(0, 1), "hours"))
        attempts_back = data.draw(st.integers(0, 1), "attempts_back")
        self.record(job, status=JobStatus.SCHEDULED, delay=delay, attempts_back=attempts_back)
        self.ends_if_asked_to(job)

    def release(self, data: st.DataObject, job: int) -> None:
        self.record(job, status=JobStatus.PENDING, attempts_back=1)
        self.ends_if_asked_to(job)

    def start_a_last_chance(self, data: st.DataObject, job: int) -> None:
        row = Job.objects.get(pk=job)
        if row.is_last_chance and row.interruptions < MOST_INTERRUPTIONS:
            assert count_last_chance(row)
            self.becomes(job, "running", interruptions=MOST_INTERRUPTIONS)

    @rule(data=st.data())
    def go_wrong(self, data: st.DataObject) -> None:
        verbs = ("record_too_late", "rescue")
        self.draw_verb(data, dict.fromkeys(verbs, JobStatus.values))

    def record_too_late(self, data: st.DataObject, job: int) -> None:
        status = data.draw(st.sampled_from([*ENDS, JobStatus.PENDING, JobStatus.SCHEDULED]))
        state = self.model[job]
        epoch, worker = data.draw(st.integers(0, state.epoch), "epoch"), state.worker_id
        if state.status == "running" and state.epoch == epoch:
            worker = (worker or 0) + 1  # as after a crash: another worker's claim of the same epoch
        late = Outcome(job_id=job, epoch=epoch, worker_id=worker, status=status)
        before = Job.objects.filter(pk=job).values(*COLUMNS).first()
        assert record(self.actors[0].engine.cursor(), [late]) == {}
        assert Job.objects.filter(pk=job).values(*COLUMNS).first() == before

    def rescue(self, data: st.DataObject, job: int) -> None:
        dead, rescuer = data.draw(actors(self)), data.draw(actors(self))
        worker = dead.worker
        a_janitor().rescue(rescuer.engine, worker)
        assert WorkerProcess.objects.get(pk=worker).stopped is not None
        assert dead.claimer.claim(limit=9, worker=worker) == []
        dead.start()
        for job in [job for job in self.ids(["running"]) if self.model[job].worker_id == worker]:
            state = self.model[job]
            if state.interruptions == MOST_INTERRUPTIONS:
                self.becomes(job, "errored")
                self.expect_successor(job)
            else:
                # The last chance is counted when it starts, and this job had not started.
                count = min(state.interruptions + 1, MOST_INTERRUPTIONS - 1)
                self.becomes(job, "pending", attempt=state.attempt - 1, interruptions=count)
                self.ends_if_asked_to(job)

    # Time ---------------------------------------------------------------------------------

    @rule(data=st.data())
    def time_goes_by(self, data: st.DataObject) -> None:
        self.draw_verb(
            data, {"come_due": ["scheduled"], "prune": FINISHED, "tick": JobStatus.values}
        )

    def come_due(self, data: st.DataObject, job: int) -> None:
        due = Job.objects.filter(pk=job)
        due.update(scheduled=Now() - timedelta(seconds=1))

    def prune(self, data: st.DataObject, job: int) -> None:
        status = self.model[job].status
        Job.objects.filter(status=status).update(completed=Now() - OLD)
        old = self.ids([status])
        assert Job.objects.prune(days=90) == len(old)
        for job in old:
            del self.model[job]

    def tick(self, data: st.DataObject, job: int) -> None:
        holder = self.live_row("clock")
        Schedule.objects.update(next_run=Now() - OLD)
        schedules.fire_due()
        schedules.fire_due()  # no slot is due any more
        enqueued = Schedule.objects.get(next_run__gt=Now()).last_job
        assert enqueued is not None
        if holder is None:
            self.born(enqueued)
        else:
            assert enqueued.pk == holder["id"]


@pytest.mark.timeout(400 + 2 * EXAMPLES)  # finding the shortest example of a failure takes time
def test_events_in_any_order_break_no_promise(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "pgjobs")  # only the log of the last example matters
    forget_system_jobs(monkeypatch)
    Logging.setup(interval=7, chain="clock")
    Jobs.engines = [EngineConnection("default", "model") for _ in range(2)]
    try:
        run_state_machine_as_test(Jobs, settings=PROFILE)
    finally:
        for engine in Jobs.engines:
            engine.close()
