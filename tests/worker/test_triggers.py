"""Triggers of the project on the tables by which workers find each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from pgjobs import events
from tests.apps.testapp.jobs import Tracing
from tests.support.environment import Environment
from tests.support.job_status import until_status
from tests.support.sql import query
from tests.support.worker_process import RunningWorker, SupervisedWorker

RAISES, SUPPRESSES = "RAISE 'not in this house'", "RETURN NULL"


@pytest.fixture(autouse=True)
def without_trigger(empty_queue: None) -> Iterator[None]:
    yield
    drop_trigger()


def drop_trigger() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION IF EXISTS refuse CASCADE")


def refuse_inserts(table: str, how: str) -> None:
    query(
        f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {how}; END $$; "
        f"CREATE TRIGGER refuse BEFORE INSERT ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse()"
    )


@pytest.mark.parametrize(
    ("how", "reason"),
    [(RAISES, "not in this house"), (SUPPRESSES, "keeps the worker's row away")],
)
def test_a_worker_whose_row_a_trigger_refuses_waits_and_says_why(
    child_environment: Environment, how: str, reason: str
) -> None:
    job = Tracing.enqueue()
    refuse_inserts("pgjobs_worker", how)
    with SupervisedWorker(child_environment) as worker:
        worker.until_told(events.DatabaseAway, part="starting")
        (told,) = worker.told(events.DatabaseAway)
        assert reason in told["error"]
        drop_trigger()
        until_status(job, "completed")


def test_a_worker_whose_place_at_the_doorbell_a_trigger_refuses_goes_on_with_its_jobs(
    child_environment: Environment,
) -> None:
    refuse_inserts("pgjobs_doorbell", RAISES)
    with RunningWorker(child_environment).until_started() as worker:
        worker.until_told(events.ClaimingFailed)
        until_status(Tracing.enqueue(), "completed")
        assert worker.process.poll() is None
        assert worker.told(events.TablesMissing) == []
