"""Verbs whose transaction PostgreSQL ends once in favour of another one.

It does so above the isolation level ``read committed``, which the database, the role or the project
may set, at a statement or at the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from django.db import OperationalError, transaction
from django.db.models.functions import Now

from pgjobs import BackgroundJob
from pgjobs.clock.synchronizing import synchronize
from pgjobs.limits import NEVER
from pgjobs.models import Job, JournalEntry, Pause, Schedule
from pgjobs.steering import bulk, schedules, single, workers
from pgjobs.steering.actor import Actor
from pgjobs.steering.selection import Selection
from tests.support.elsewhere import elsewhere, is_waited_for
from tests.support.eventually import eventually
from tests.support.rows import a_job, a_worker
from tests.support.sql import query

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_system_jobs"),
]

ANN: Final = Actor.python("ann")
FAILED: Final = Selection(status=("failed",))


class Ticks(BackgroundJob):
    class Meta:
        editable_schedule = True

    def run(self) -> None: ...


@contextmanager
def a_transaction_that_gives_way_once(table: str, event: str, *, at_commit: bool) -> Iterator[None]:
    """Let the first ``event`` on ``table`` fail as a serialization failure does."""
    kind = "CONSTRAINT TRIGGER" if at_commit else "TRIGGER"
    deferred = "DEFERRABLE INITIALLY DEFERRED" if at_commit else ""
    query(
        "CREATE SEQUENCE project_turns; "
        "CREATE FUNCTION project_gives_way() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF nextval('project_turns') = 1 THEN "
        "RAISE 'could not serialize access' USING ERRCODE = 'serialization_failure'; "
        "END IF; RETURN NULL; END $$; "
        f"CREATE {kind} project_gives_way AFTER {event} ON {table} {deferred} "
        "FOR EACH ROW EXECUTE FUNCTION project_gives_way()"
    )
    try:
        yield
        assert query("SELECT last_value FROM project_turns WHERE is_called")[0]["last_value"] > 1
    finally:
        query("DROP FUNCTION project_gives_way CASCADE; DROP SEQUENCE project_turns")


def a_schedule(**columns: Any) -> None:
    Ticks.setup(interval=60)
    synchronize()
    Schedule.objects.filter(job_class=Ticks.path).update(**columns)


def a_pause() -> None:
    Pause.objects.create(kind="queue", name="low")


def nothing() -> None: ...


def cancels_an_action() -> bool:
    running = JournalEntry.objects.get(state="running")
    return bulk.cancel_action(running.pk, by=ANN)


def a_running_action() -> None:
    JournalEntry.objects.create(
        who="ann", surface="python", verb="retry", state="running", ended=None, carrier="x"
    )


def retries_all() -> bool:
    return bulk.start("retry", FAILED, by=ANN, here=True).done == 1


def drains() -> bool:
    return workers.drain([a_worker(has_session_lock=False).pk], by=ANN)[0].was_given


Case = tuple[Callable[[], object], Callable[[], object], str, str]

CASES: Final[dict[str, Case]] = {
    "switch off": (a_schedule, lambda: schedules.switch_off(Ticks.path), "schedule", "UPDATE"),
    "switch on": (
        lambda: a_schedule(switched_off=Now(), next_run=NEVER),
        lambda: schedules.switch_on(Ticks.path),
        "schedule",
        "UPDATE",
    ),
    "edit": (a_schedule, lambda: schedules.edit(Ticks.path, interval=5), "schedule", "UPDATE"),
    "take back": (
        lambda: a_schedule(interval=5, edited_interval=5),
        lambda: schedules.take_back(Ticks.path),
        "schedule",
        "UPDATE",
    ),
    "run": (a_schedule, lambda: schedules.run(Ticks.path).is_new, "job", "INSERT"),
    "pause": (nothing, lambda: Pause.objects.pause(queue="low"), "pause", "INSERT"),
    "resume": (a_pause, lambda: Pause.objects.resume(queue="low"), "pause", "DELETE"),
    "noted pause": (nothing, lambda: single.pause(by=ANN, queue="low"), "pause", "INSERT"),
    "noted resume": (a_pause, lambda: single.resume(by=ANN, queue="low"), "journal", "INSERT"),
    "drain": (nothing, drains, "order", "INSERT"),
    "start a bulk action": (lambda: a_job("failed"), retries_all, "journal", "INSERT"),
    "a batch": (lambda: a_job("failed"), retries_all, "job", "UPDATE"),
    "the progress of a batch": (lambda: a_job("failed"), retries_all, "journal", "UPDATE"),
    "cancel a bulk action": (a_running_action, cancels_an_action, "journal", "UPDATE"),
    "delete": (
        lambda: a_job("completed"),
        lambda: Job.objects.get().delete()[0] == 1,
        "job",
        "DELETE",
    ),
    "come to wait": (
        lambda: a_job("completed"),
        lambda: Job.objects.get().wait(20),
        "waiter",
        "INSERT",
    ),
    "look while waiting": (
        lambda: a_job("completed"),
        lambda: Job.objects.get().wait(20),
        "waiter",
        "UPDATE",
    ),
}


@pytest.mark.parametrize("at_commit", [False, True], ids=["statement", "commit"])
@pytest.mark.parametrize("case", CASES)
def test_a_verb_that_owns_its_transaction_tries_again(case: str, at_commit: bool) -> None:
    prepare, act, table, event = CASES[case]
    prepare()
    with a_transaction_that_gives_way_once(f"pgjobs_{table}", event, at_commit=at_commit):
        assert act()


def test_in_a_transaction_of_the_caller_the_failure_reaches_the_caller() -> None:
    a_schedule()
    gives_way = a_transaction_that_gives_way_once("pgjobs_schedule", "UPDATE", at_commit=False)
    with gives_way:
        with pytest.raises(OperationalError, match="could not serialize"), transaction.atomic():
            schedules.switch_off(Ticks.path)
        assert schedules.switch_off(Ticks.path)


def test_a_schedule_that_its_clock_has_changed_meanwhile_is_switched_off() -> None:
    a_schedule()

    def switch_off_above_read_committed() -> bool:
        query("SET default_transaction_isolation = 'repeatable read'")
        return schedules.switch_off(Ticks.path)

    with transaction.atomic():
        Schedule.objects.update(kwargs={"changed": 1})
        done = elsewhere(switch_off_above_read_committed)
        eventually(is_waited_for)

    assert done.result(20)
    schedule = Schedule.objects.get()
    assert schedule.switched_off is not None
    assert schedule.kwargs == {"changed": 1}


def test_jobs_are_pruned_and_retried_in_bulk_by_rivals_in_serializable_transactions() -> None:
    def prune_and_retry() -> list[str]:
        states = []
        for _ in range(8):
            query("SET default_transaction_isolation = 'read committed'")
            a_job("failed")
            a_job("completed")
            query("SET default_transaction_isolation = 'serializable'")
            states.append(bulk.start("retry", FAILED, by=ANN, here=True).state)
            Job.objects.prune(days=0)
        return states

    rivals = [elsewhere(prune_and_retry) for _ in range(4)]

    assert {state for rival in rivals for state in rival.result(120)} == {"done"}
