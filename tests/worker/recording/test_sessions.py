"""A session that PostgreSQL can't use any more is replaced, and no row is blamed for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from pgjobs import events
from pgjobs.worker.recording.recorder import SETTINGS
from tests.support.engine import OpenConnection
from tests.support.job_status import until_status
from tests.support.recorder import Claim, RunningRecorder
from tests.support.told_events import ToldSoFar

_OTHER_TYPES = """
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.pgjobs_job (LIKE public.pgjobs_job);
ALTER TABLE elsewhere.pgjobs_job ALTER status TYPE text;
"""
PREPARED = 7
"""Statements after which psycopg has prepared the statement of the recorder."""


@pytest.fixture
def other_types(empty_queue: None) -> Iterator[None]:
    """A schema in which a column of the table of jobs has another type."""
    with connection.cursor() as cursor:
        cursor.execute(_OTHER_TYPES)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA elsewhere CASCADE")


def session_of(running: RunningRecorder) -> psycopg.Connection[Any]:
    assert running.connection.current is not None
    return running.connection.current


def change_a_type(session: psycopg.Connection[Any]) -> None:
    session.execute("SET search_path = elsewhere, public")


def lose_the_tables(session: psycopg.Connection[Any]) -> None:
    session.execute("SET search_path = pg_catalog")


def lose_the_prepared_statements(session: psycopg.Connection[Any]) -> None:
    session.execute("DEALLOCATE ALL")


@pytest.mark.parametrize("spoil", [change_a_type, lose_the_tables, lose_the_prepared_statements])
def test_a_session_that_is_out_of_date_is_replaced(
    running: RunningRecorder,
    claim: Claim,
    told: ToldSoFar,
    other_types: None,
    spoil: Callable[[psycopg.Connection[Any]], None],
) -> None:
    *before, first, second = claim(PREPARED + 2)
    for job in before:
        running.record(job)
        until_status(job, "completed")
    spoil(session_of(running))
    for job in (first, second):
        running.record(job)
        until_status(job, "completed")
    assert not told(events.OutcomeRefused)
    assert not told(events.OutcomeUnstorable)


def test_no_log_line_is_lost_with_a_session_that_is_out_of_date(
    running: RunningRecorder, claim: Claim, told: ToldSoFar
) -> None:
    before, after = claim(2)
    running.record(before)
    until_status(before, "completed")
    lose_the_tables(session_of(running))
    running.say(after, "here")
    running.record(after)
    until_status(after, "completed")
    assert after.log_entries.get().message == "here"
    assert not told(events.NoteLost)


@pytest.mark.parametrize(
    ("asked", "shown"), [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")]
)
def test_outcomes_are_durable_and_wait_for_standbys_where_the_database_does(
    open_connection: OpenConnection, asked: str, shown: str
) -> None:
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = {asked}")
        try:
            found = open_connection(SETTINGS).cursor().execute("SHOW synchronous_commit")
        finally:
            cursor.execute(f"ALTER DATABASE {name} RESET synchronous_commit")
    assert found.fetchone() == (shown,)
