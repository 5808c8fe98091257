"""One worker at a time makes the rounds of the cluster, and another one takes them over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import psycopg
import pytest
from django.db import connection
from django.db.models.functions import Now

from pgjobs.models import Job, WorkerProcess
from pgjobs.worker.liveness.rounds import OVERDUE, Rounds
from tests.apps.testapp.jobs import Tracing
from tests.support.engine import OpenConnection, a_janitor
from tests.support.environment import Environment, with_settings
from tests.support.eventually import eventually
from tests.support.sql import idle_workers
from tests.support.worker_process import NERVOUS, NEVER_POLLS, RunningWorker


def age_the_latest_round(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pgjobs_round SET begun = begun - make_interval(secs => %s)", [seconds]
        )


def make_due(rounds: Rounds) -> None:
    rounds._next_try = 0.0


def test_of_three_workers_one_makes_the_rounds_one_is_its_deputy_and_the_third_asks_rarely(
    open_connection: OpenConnection,
) -> None:
    first, second, third = Rounds(), Rounds(), Rounds()

    assert first.turn(open_connection())
    assert not second.turn(open_connection())
    assert not third.turn(open_connection())
    assert first.next_turn_in <= 1
    assert second.next_turn_in <= 0.8
    assert third.next_turn_in > 3


def test_the_deputy_takes_over_and_the_next_worker_becomes_the_deputy(
    open_connection: OpenConnection,
) -> None:
    first, second, third = Rounds(), Rounds(), Rounds()
    one, other = open_connection(), open_connection()
    first.turn(one)
    second.turn(other)
    age_the_latest_round(OVERDUE)
    make_due(second)

    assert second.turn(other)
    third.turn(one)
    assert third.next_turn_in <= 0.8


def test_rounds_that_have_stopped_are_taken_over_and_their_former_worker_leaves_off(
    open_connection: OpenConnection,
) -> None:
    first, second = Rounds(), Rounds()
    one, other = open_connection(), open_connection()
    assert first.turn(one)
    age_the_latest_round(OVERDUE)
    assert second.turn(other)
    make_due(first)

    assert not first.turn(one)
    assert not first.are_ours
    age_the_latest_round(1)
    make_due(second)
    assert second.turn(other)


def test_a_worker_that_fails_on_its_rounds_leaves_them_to_another(
    open_connection: OpenConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, sound, engine = a_janitor(), a_janitor(), open_connection()
    monkeypatch.setattr(failing._orphans, "turn", Mock(side_effect=psycopg.DataError("odd")))
    with pytest.raises(psycopg.DataError):
        failing.turn(engine)

    assert failing.next_turn_in > OVERDUE
    assert not failing.makes_rounds.is_set()
    age_the_latest_round(OVERDUE)
    sound.turn(engine)
    assert sound.makes_rounds.is_set()

    make_due(failing._rounds)
    failing.turn(engine)  # it finds the round of the other
    assert not failing.makes_rounds.is_set()


def test_a_round_from_the_time_before_the_clock_was_set_back_counts_for_nothing(
    open_connection: OpenConnection,
) -> None:
    assert Rounds().turn(open_connection())
    age_the_latest_round(-3600)

    assert Rounds().turn(open_connection())


def test_a_worker_that_hears_of_no_rounds_asks_at_once_and_otherwise_leaves_the_looks_to_another(
    open_connection: OpenConnection,
) -> None:
    assert Rounds().turn(open_connection())
    assert not Rounds().turn(open_connection())  # the deputy
    engine, janitor = open_connection(), a_janitor()
    janitor.turn(engine)  # the first look

    assert janitor.has_judged
    janitor.hear_of_rounds(are_made=True)
    assert janitor.next_turn_in > 3
    janitor.hear_of_rounds(are_made=False)
    assert janitor.next_turn_in == 0


def overlooked(**columns: Any) -> None:
    """Make a job that no ring has told of, and let a worker be idle."""
    Job.objects.filter(pk=Tracing.enqueue().pk).update(**columns)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO pgjobs_doorbell VALUES (7, '{default}')")


def make_a_round(open_connection: OpenConnection) -> None:
    rounds = Rounds()
    rounds._woke_at = 0.0
    assert rounds.turn(open_connection())


IN_A_SECOND = {"status": "scheduled", "scheduled": Now() + timedelta(seconds=1)}
IN_A_MINUTE = {"status": "scheduled", "scheduled": Now() + timedelta(minutes=1)}


@pytest.mark.parametrize(
    ("columns", "left"),
    [({}, []), (IN_A_SECOND, []), (IN_A_MINUTE, [7]), ({"queue_name": "high"}, [7])],
    ids=["ready", "due soon", "due later", "of another queue"],
)
def test_a_round_wakes_an_idle_worker_for_a_job_that_it_can_start(
    open_connection: OpenConnection, columns: dict[str, Any], left: list[int]
) -> None:
    overlooked(**columns)
    make_a_round(open_connection)

    assert idle_workers() == left


def test_a_round_wakes_no_worker_for_a_paused_job(open_connection: OpenConnection) -> None:
    overlooked()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO pgjobs_pause (kind, name) SELECT 'job_class', job_class FROM pgjobs_job"
        )
    make_a_round(open_connection)

    assert idle_workers() == [7]


def test_an_idle_worker_that_was_taken_for_dead_can_be_rung_under_its_new_id(
    child_environment: Environment,
) -> None:
    with RunningWorker(with_settings(child_environment, **NERVOUS, **NEVER_POLLS)).until_started():
        (old,) = eventually(idle_workers)
        WorkerProcess.objects.filter(pk=old).update(stopped=Now())

        assert eventually(lambda: set(idle_workers()) - {old})
        job = Tracing.enqueue()
        eventually(lambda: Job.objects.get(pk=job.pk).status == "completed")
