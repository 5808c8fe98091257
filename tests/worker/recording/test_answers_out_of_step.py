"""A session that answers one command twice is lost; no row and no value is to blame for it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import DatabaseError, connections

from pgjobs import events
from pgjobs.models import Job, JobLogEntry
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.errors import is_away
from tests.support.job_status import until_status
from tests.support.recorder import Claim, RunningRecorder
from tests.support.relay import Relay, relayed
from tests.support.told_events import ToldSoFar

ALIAS = "behind_a_relay"


@pytest.fixture
def relay(empty_queue: None) -> Iterator[Relay]:
    with relayed(ALIAS) as relay:
        yield relay


@pytest.fixture
def torn(relay: Relay) -> Iterator[RunningRecorder]:
    """A recorder whose next COMMIT gets two answers. Each of its statements is a transaction."""
    running = RunningRecorder(EngineConnection("default", "test", opened_by=ALIAS))
    running.connection.get()
    running.connection.has_session = False  # as behind a pooler
    relay.answer_twice()
    yield running
    assert running.recorder.stop(10)


def test_psycopg_means_the_session_if_it_has_no_sqlstate(relay: Relay) -> None:
    connection = EngineConnection("default", "test", opened_by=ALIAS)
    session = connection.get()
    relay.answer_twice()

    with pytest.raises(psycopg.InternalError, match="2 results") as error, session.transaction():
        session.execute("SELECT 1")

    assert error.value.sqlstate is None
    assert is_away(error.value)
    connection.close()


def test_django_wraps_such_an_error(relay: Relay) -> None:
    connection = connections[ALIAS]
    connection.connect()
    connection.set_autocommit(False)
    relay.answer_twice()

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    with pytest.raises(DatabaseError, match="2 results") as error:
        connection.commit()

    assert is_away(error.value)
    connection.close()


def test_an_outcome_whose_commit_gets_two_answers_is_written_again(
    relay: Relay, torn: RunningRecorder, claim: Claim, told: ToldSoFar
) -> None:
    (job,) = claim(1)

    torn.record(job)
    until_status(job, "completed")

    assert relay.answered_twice == 1
    assert Job.objects.get(pk=job.pk).error == ""
    assert not told(events.OutcomeUnstorable) + told(events.OutcomeRefused)


def test_a_log_line_whose_commit_gets_two_answers_is_written_again(
    relay: Relay, torn: RunningRecorder, claim: Claim
) -> None:
    (job,) = claim(1)

    torn.say(job, "half way")
    torn.record(job)
    until_status(job, "completed")

    assert relay.answered_twice == 1
    assert [line.message for line in JobLogEntry.objects.filter(job=job)] == ["half way"]
