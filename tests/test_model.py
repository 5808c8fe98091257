"""What may happen to jobs, in any order and by several actors, against a model of it.

Repeat a run with `--hypothesis-seed=N`; widen one with MODEL_EXAMPLES=1000.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.db.models.functions import Now
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pgjobs import BackgroundJob, clock, jobs, transitions
from pgjobs.choices import FINISHED, LIVE, JobStatus
from pgjobs.models import Job, Pause, Schedule, WorkerProcess
from pgjobs.outcomes import Outcome
from pgjobs.worker.claimer import Claimer
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.janitor import Janitor
from tests.rows import a_worker
from tests.testapp.jobs import Logging, Noop, Tracing
from tests.testapp.models import Site

QUEUES = ("high", "default", "low")
FAR = datetime(2090, 1, 1, tzinfo=timezone.utc)
MOST_INTERRUPTIONS = 3
PROFILE = settings(
    max_examples=int(os.environ.get("MODEL_EXAMPLES", "25")),
    stateful_step_count=40,
    deadline=None,
    database=None,
    derandomize="CI" in os.environ,
    suppress_health_check=list(HealthCheck),
)

job_classes = st.sampled_from([Noop, Tracing])
intervals = st.sampled_from([None, None, 5, 60])
moments = st.sampled_from([None, FAR, FAR + timedelta(days=1)])
places = st.integers(0, 2)
"""Actors, objects: few, so that they meet."""


@dataclass(frozen=True)
class State:
    """What the model knows of a row."""

    status: str
    epoch: int = 0
    attempt: int = 0
    interruptions: int = 0
    worker_id: int | None = None

    @classmethod
    def of(cls, row: dict[str, Any]) -> State:
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


class Actor:
    """A worker's share of the engine, without its threads."""

    def __init__(self, engine: EngineConnection) -> None:
        self.engine = engine
        self.claimer = Claimer(engine, QUEUES)
        self.start()

    def start(self) -> None:
        self.worker = a_worker().pk


class Jobs(RuleBasedStateMachine):
    engines: ClassVar[list[EngineConnection]]

    @initialize()
    def begin(self) -> None:
        connection.cursor().execute(
            "TRUNCATE pgjobs_job, pgjobs_log, pgjobs_worker, pgjobs_pause, pgjobs_schedule, "
            "testapp_site"
        )
        clock.synchronize()
        Schedule.objects.update(next_run=FAR)
        self.actors = [Actor(engine) for engine in self.engines]
        self.sites = [Site.objects.create(name="site") for _ in range(2)]
        self.model: dict[int, State] = {}
        self.rows: dict[int, dict[str, Any]] = {}
        self.chains: set[str] = set()
        """Those that go on until somebody ends them."""
        self.claims: list[tuple[int, int, int]] = []
        self.count = 0

    # What is asked of the queue -----------------------------------------------------------

    @rule(job_class=job_classes, queue=st.sampled_from(QUEUES), at=moments, interval=intervals)
    def enqueue(
        self, job_class: type[BackgroundJob], queue: str, at: datetime | None, interval: int | None
    ) -> None:
        self.count += 1
        chain = f"chain {self.count}"
        job = job_class.enqueue(queue_name=queue, schedule_at=at, interval=interval, chain=chain)
        self.born(job, at)
        self.set_going(chain, interval)

    @rule(job_class=job_classes, site=places, at=moments, interval=intervals)
    def enqueue_once(
        self, job_class: type[BackgroundJob], site: int, at: datetime | None, interval: int | None
    ) -> None:
        instance = self.sites[site] if site < len(self.sites) else None
        chain = f"{job_class.name} of {instance and instance.pk}"
        holder = self.live_row(chain)
        job = job_class.enqueue_once(instance, schedule_at=at, interval=interval, chain=chain)
        if holder is None:
            self.born(job, at)
        elif interval_of(holder) == interval and at in (None, holder["scheduled"]):
            assert job.pk == holder["id"]
            return
        elif holder["status"] == "running":
            assert job.pk == holder["id"]
        else:
            del self.model[holder["id"]]
            self.born(job, at)
        # A moment alone makes one more run of a job that runs.
        runs_again = at is not None and job.status == JobStatus.RUNNING
        self.set_going(chain, interval or runs_again)

    @precondition(lambda self: self.ids(LIVE))
    @rule(data=st.data())
    def make_due(self, data: st.DataObject) -> None:
        job = self.pick(data, ["scheduled"])
        Job.objects.filter(pk=job).update(scheduled=Now() - timedelta(seconds=1))

    @rule(data=st.data(), keep_schedule=st.booleans())
    def cancel(self, data: st.DataObject, keep_schedule: bool) -> None:
        job = self.pick(data)
        won = Job.objects.get(pk=job).cancel(keep_schedule=keep_schedule)
        state = self.model[job]
        assert won == (state.status in LIVE)
        if not keep_schedule:
            self.end_chain(job)
        if state.status in ("pending", "scheduled"):
            skipped = replace(state, epoch=state.epoch + 1, worker_id=None)
            self.model[job] = replace(skipped if keep_schedule else state, status="cancelled")
            if keep_schedule:
                self.expect_successor(job)

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        job = self.pick(data, FINISHED)
        row = self.rows[job]
        place_is_free = not row["once_key"] or self.live_row(row["kwargs"]["chain"]) is None
        assert Job.objects.get(pk=job).retry() == place_is_free
        if place_is_free:
            self.model[job] = replace(
                self.model[job], status="pending", attempt=0, interruptions=0
            )
            # Only a chain that was cancelled before it ran is taken up again.
            never_ran = row["started"] is None or row["cancel_requested"] is None
            if row["status"] == "cancelled" and never_ran:
                self.set_going(row["kwargs"]["chain"], row["interval"])

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        job = self.pick(data)
        Job.objects.get(pk=job).delete()
        self.end_chain(job)
        del self.model[job]

    @rule(site=st.integers(0, 1))
    def delete_object(self, site: int) -> None:
        key = str(self.sites[site].pk)
        about = [job for job, row in self.rows.items() if row["object_id"] == key]
        self.sites[site].delete()
        self.sites[site] = Site.objects.create(name="another")
        for job in about:
            self.end_chain(job)
            match self.model[job].status:
                case "pending" | "scheduled":
                    self.model[job] = replace(self.model[job], status="cancelled")
                case "completed" | "errored" | "failed" | "cancelled":
                    del self.model[job]

    # What workers do --------------------------------------------------------------------

    @rule(place=places, limit=st.integers(1, 3))
    def claim(self, place: int, limit: int) -> None:
        actor = self.actors[place]
        actor.claimer.look()
        for job in self.ids(["scheduled"]):
            if self.rows[job]["scheduled"] < FAR and self.is_past(job):
                self.model[job] = replace(self.model[job], status="pending")
        expected = self.claimable()[:limit]
        claimed = actor.claimer.claim(limit=limit, worker=actor.worker)
        assert [job.pk for job in claimed] == expected
        for job in claimed:
            state = self.model[job.pk]
            assert state.status == "pending"
            self.model[job.pk] = replace(
                state,
                status="running",
                epoch=state.epoch + 1,
                attempt=state.attempt + 1,
                worker_id=actor.worker,
            )
            self.claims.append((job.pk, job.epoch, actor.worker))

    @rule(data=st.data(), status=st.sampled_from(["completed", "errored", "failed", "cancelled"]))
    def finish(self, data: st.DataObject, status: str) -> None:
        job = self.pick(data, ["running"])
        self.record(job, replace(self.outcome(job), status=JobStatus(status)))
        if status == "cancelled" and not self.rows[job]["cancel_requested"]:
            self.end_chain(job)  # the run itself said so
        else:
            self.expect_successor(job)
        self.model[job] = replace(self.model[job], status=status)

    @rule(
        data=st.data(),
        after=st.sampled_from([timedelta(0), timedelta(hours=1)]),
        attempts_back=st.integers(0, 1),
    )
    def retry_or_snooze(self, data: st.DataObject, after: timedelta, attempts_back: int) -> None:
        job = self.pick(data, ["running"])
        outcome = replace(self.outcome(job), delay=after, attempts_back=attempts_back)
        self.record(job, replace(outcome, status=JobStatus.SCHEDULED))
        self.goes_back(job, "scheduled", attempts_back)

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        job = self.pick(data, ["running"])
        state = self.model[job]
        self.record(job, Outcome.released(job, state.epoch, state.worker_id))
        self.goes_back(job, "pending", 1)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), status=st.sampled_from(list(JobStatus)), steals=st.booleans())
    def record_too_late(self, data: st.DataObject, status: JobStatus, steals: bool) -> None:
        job, epoch, worker = data.draw(st.sampled_from(self.claims))
        state = self.model.get(job)
        is_held = state is not None and state.status == "running" and state.epoch == epoch
        if is_held and not steals:
            return
        worker = worker + 1000 if is_held else worker
        outcome = Outcome(job_id=job, epoch=epoch, worker_id=worker, status=status)
        before = Job.objects.filter(pk=job).values().first()
        assert transitions.record(self.actors[0].engine.cursor(), [outcome]) == {}
        assert Job.objects.filter(pk=job).values().first() == before

    @rule(dead=places, rescuer=places)
    def rescue(self, dead: int, rescuer: int) -> None:
        worker = self.actors[dead].worker
        held = [job for job in self.ids(["running"]) if self.model[job].worker_id == worker]
        Janitor(ring=lambda *_: None).rescue(self.actors[rescuer].engine, worker)
        assert WorkerProcess.objects.get(pk=worker).stopped is not None
        assert self.actors[dead].claimer.claim(limit=9, worker=worker) == []
        self.actors[dead].start()
        for job in held:
            state = self.model[job]
            # The last chance is counted when it starts, and none of these has started.
            count = min(state.interruptions + 1, MOST_INTERRUPTIONS - 1)
            self.model[job] = replace(state, interruptions=count)
            self.goes_back(job, "pending", 1)

    @rule(queue=st.sampled_from(QUEUES))
    def pause_or_resume_queue(self, queue: str) -> None:
        if not Pause.objects.pause(queue=queue):
            assert Pause.objects.resume(queue=queue)

    @rule(job_class=job_classes)
    def pause_or_resume_job_class(self, job_class: type[BackgroundJob]) -> None:
        if not Pause.objects.pause(job_class=job_class):
            assert Pause.objects.resume(job_class=job_class)

    @rule(old=st.sampled_from(list(JobStatus)))
    def prune(self, old: JobStatus) -> None:
        aged = Job.objects.filter(status=old)
        if old in FINISHED:
            aged.update(completed=Now() - timedelta(days=91))
        gone = self.ids([old]) if old in FINISHED else []
        assert Job.objects.prune(days=90) == len(gone)
        for job in gone:
            del self.model[job]

    @rule()
    def tick(self) -> None:
        Schedule.objects.update(next_run=Now() - timedelta(days=3))
        holder = self.live_row("clock")
        clock.fire_due()
        clock.fire_due()
        schedule = Schedule.objects.get()
        assert schedule.last_job is not None
        if holder is None:
            self.born(schedule.last_job, None)
        else:
            assert schedule.last_job.pk == holder["id"]

    # What must hold after each ------------------------------------------------------------

    @invariant()
    def the_rows_are_what_the_model_says(self) -> None:
        before, self.rows = self.rows, {row["id"]: row for row in Job.objects.values()}
        self.adopt_successors()
        assert {job: State.of(row) for job, row in self.rows.items()} == {
            job: self.worker_kept(job, state) for job, state in self.model.items()
        }
        for job in before.keys() & self.rows.keys():
            assert before[job]["epoch"] <= self.rows[job]["epoch"]

    @invariant()
    def each_place_has_one_live_job(self) -> None:
        places = Counter(row["once_key"] for row in self.live_rows() if row["once_key"])
        assert set(places.values()) <= {1}

    @invariant()
    def chains_neither_fork_nor_end_by_themselves(self) -> None:
        going = Counter(row["kwargs"]["chain"] for row in self.live_rows() if goes_on(row))
        assert going == Counter(self.chains)

    @invariant()
    def moments_fit_the_status(self) -> None:
        for row in self.rows.values():
            status, started, completed = row["status"], row["started"], row["completed"]
            assert (completed is not None) == (status in FINISHED)
            assert status == "cancelled" or (started is None) == (status in WAITING)
            assert status != "scheduled" or row["scheduled"] is not None

    @invariant()
    def a_running_job_is_held_by_a_living_worker(self) -> None:
        living = set(WorkerProcess.objects.filter(stopped=None).values_list("pk", flat=True))
        assert {self.model[job].worker_id for job in self.ids(["running"])} <= living
