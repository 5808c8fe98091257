"""The rules that jobs obey under any events, and a model of their table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from django.db.models import Case, Value, When
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from pgjobs.choices import FINISHED, LIVE, WAITING, JobStatus
from pgjobs.models import Job, Pause, WorkerProcess
from pgjobs.queues import DEFAULT_QUEUES
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from pgjobs.worker.claiming.claimer import Claimer
from pgjobs.worker.connection import EngineConnection
from tests.support.rows import a_worker

ENDS = [status for status in JobStatus if status in FINISHED]
MOST_INTERRUPTIONS = 3

COLUMNS = [field.attname for field in Job._meta.concrete_fields]

Row = dict[str, Any]


@dataclass(frozen=True)
class State:
    """The expected state of a row."""

    status: str
    epoch: int = 0
    attempt: int = 0
    interruptions: int = 0
    worker_id: int | None = None

    @classmethod
    def of(cls, row: Row) -> State:
        return cls(**{field.name: row[field.name] for field in fields(cls)})


class Actor:
    """A worker's share of the engine, without its threads."""

    def __init__(self, engine: EngineConnection) -> None:
        self.engine = engine
        self.claimer = Claimer(engine, DEFAULT_QUEUES)
        self.start()

    def start(self) -> None:
        self.worker = a_worker().pk


def next_interval(row: Row) -> int | None:
    said: dict[str, Any] = row["successor"] or {}
    interval: int | None = said.get("interval", row["interval"])
    return interval


def goes_on(row: Row) -> bool:
    """Return whether the end of this job brings a successor."""
    return next_interval(row) is not None or "scheduled" in (row["successor"] or {})


class QueueModel(RuleBasedStateMachine):
    """Rules change ``model`` as they expect the table to change; invariants compare the two.

    Each job carries the name of its chain among its arguments, which identifies a successor.
    ``rows`` hold the table before the rule.
    """

    def empty(self, engines: list[EngineConnection]) -> None:
        self.actors = [Actor(engine) for engine in engines]
        self.model: dict[int, State] = {}
        self.rows: dict[int, Row] = {}
        self.chains: set[str] = set()
        self.successors: Counter[str] = Counter()

    # Steps of rules --------------------------------------------------------------------------

    def ids(self, statuses: Iterable[str]) -> list[int]:
        return [job for job, state in self.model.items() if state.status in statuses]

    def draw_verb(self, data: st.DataObject, verbs: Mapping[str, Iterable[str]]) -> None:
        """Apply one of ``verbs`` to a job in a status that the verb accepts.

        One rule draws from many verbs: of many rules Hypothesis leaves most out of an example, and
        long examples need all verbs.
        """
        possible = [verb for verb, statuses in verbs.items() if self.ids(statuses)]
        if possible:
            verb = data.draw(st.sampled_from(possible))
            getattr(self, verb)(data, self.pick(data, verbs[verb]))

    def pick(self, data: st.DataObject, statuses: Iterable[str]) -> int:
        """Draw a job, with equal chances for each status that occurs."""
        there = sorted({self.model[job].status for job in self.ids(statuses)})
        return data.draw(st.sampled_from(self.ids([data.draw(st.sampled_from(there))])))

    def live_row(self, chain: str) -> Row | None:
        live = (self.rows[job] for job in self.ids(LIVE))
        return next((row for row in live if row["kwargs"]["chain"] == chain), None)

    def claimable(self) -> list[int]:
        """Return the jobs that a worker of all queues should claim next, in this order."""
        paused = list(Pause.objects.values_list("name", flat=True))
        rank = Case(
            *(When(queue_name=name, then=Value(i)) for i, name in enumerate(DEFAULT_QUEUES))
        )
        ready = Job.objects.filter(pk__in=self.ids(["pending"]))
        ready = ready.exclude(queue_name__in=paused).exclude(job_class__in=paused)
        return list(ready.order_by(rank, "position").values_list("pk", flat=True))

    def born(self, job: Job) -> None:
        self.model[job.pk] = State("scheduled" if job.scheduled else "pending")

    def becomes(self, job: int, status: str, **changes: Any) -> None:
        self.model[job] = replace(self.model[job], status=status, **changes)

    def set_going(self, chain: str, goes: object) -> None:
        (self.chains.add if goes else self.chains.discard)(chain)

    def end_chain(self, job: int) -> None:
        row = self.rows[job]
        if row["status"] in LIVE and goes_on(row):
            self.chains.discard(row["kwargs"]["chain"])

    def expect_successor(self, job: int) -> None:
        row = self.rows[job]
        if goes_on(row):
            self.successors[row["kwargs"]["chain"]] += 1
            if next_interval(row) is None:  # the rule asked for one more run only
                self.chains.discard(row["kwargs"]["chain"])

    def record(self, job: int, **outcome: Any) -> None:
        """Record an outcome by the worker that holds ``job``."""
        state = self.model[job]
        # Its last chance was counted, and the run survived.
        if state.interruptions == MOST_INTERRUPTIONS:
            outcome.setdefault("interruptions", -1)
        written = Outcome(job_id=job, epoch=state.epoch, worker_id=state.worker_id, **outcome)
        assert job in record(self.actors[0].engine.cursor(), [written])
        self.becomes(
            job,
            written.status,
            attempt=state.attempt - written.attempts_back,
            interruptions=state.interruptions + written.interruptions,
        )

    def ends_if_asked_to(self, job: int) -> None:
        """Expect a job that returns to its queue to be cancelled instead, if its end was
        requested."""
        if self.rows[job]["cancel_requested"] is not None:
            self.becomes(job, "cancelled")
            self.expect_successor(job)

    # Invariants ---------------------------------------------------------------------

    @invariant()
    def everything_holds(self) -> None:
        self.the_table_is_what_the_model_says()
        self.each_place_has_one_live_job()
        self.chains_neither_fork_nor_end_by_themselves()
        self.moments_fit_the_status()
        self.a_running_job_is_held_by_a_living_worker()

    def the_table_is_what_the_model_says(self) -> None:
        before, self.rows = self.rows, {row["id"]: row for row in Job.objects.values(*COLUMNS)}
        self._adopt_successors()
        assert {job: State.of(row) for job, row in self.rows.items()} == self.model
        for job in before.keys() & self.rows.keys():
            assert before[job]["epoch"] <= self.rows[job]["epoch"]

    def _adopt_successors(self) -> None:
        new = [row for job, row in self.rows.items() if job not in self.model]
        assert Counter(row["kwargs"]["chain"] for row in new) == self.successors
        self.successors.clear()
        self.model |= {row["id"]: State("scheduled") for row in new}

    def each_place_has_one_live_job(self) -> None:
        keys = Counter(row["once_key"] for row in self._live_rows() if row["once_key"])
        assert set(keys.values()) <= {1}

    def chains_neither_fork_nor_end_by_themselves(self) -> None:
        going = Counter(row["kwargs"]["chain"] for row in self._live_rows() if goes_on(row))
        assert going == Counter(self.chains)

    def moments_fit_the_status(self) -> None:
        for row in self.rows.values():
            status = row["status"]
            assert (row["completed"] is not None) == (status in FINISHED)
            assert status == "cancelled" or (row["started"] is None) == (status in WAITING)
            assert status != "scheduled" or row["scheduled"] is not None

    def a_running_job_is_held_by_a_living_worker(self) -> None:
        living = WorkerProcess.objects.filter(stopped=None).values_list("pk", flat=True)
        holders = {row["worker_id"] for row in self._live_rows() if row["status"] == "running"}
        assert holders <= set(living)

    def _live_rows(self) -> list[Row]:
        return [row for row in self.rows.values() if row["status"] in LIVE]
