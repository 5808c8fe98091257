"""The view `pgjobs_blockers`: the things that hold up claims and VACUUM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from pgjobs import stats
from tests.support.eventually import eventually
from tests.support.rows import a_job
from tests.support.sql import query

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connect() -> Iterator[Callable[[], psycopg.Connection[Any]]]:
    """Opens other sessions of the database."""
    opened: list[psycopg.Connection[Any]] = []

    def connect() -> psycopg.Connection[Any]:
        opened.append(psycopg.connect(**connection.get_connection_params()))
        return opened[-1]

    yield connect
    for session in opened:
        session.close()


def blockers(kind: str) -> list[stats.Blocker]:
    return [blocker for blocker in stats.blockers() if blocker.kind == kind]


def test_a_session_that_forgot_its_transaction_is_listed_and_keeps_dead_rows_if_it_wrote(
    connect: Callable[[], psycopg.Connection[Any]],
) -> None:
    reader, writer = connect(), connect()
    reader.execute("SELECT FROM pgjobs_job")
    writer.execute("CREATE TEMPORARY TABLE anything ()")
    pids = reader.info.backend_pid, writer.info.backend_pid

    def found() -> dict[int | None, stats.Blocker]:
        return {each.pid: each for each in blockers("idle transaction") if each.pid in pids}

    eventually(lambda: len(found()) == 2)
    assert [found()[pid].keeps_dead_rows for pid in pids] == [False, True]
    assert found()[pids[1]].evidence == "CREATE TEMPORARY TABLE anything ()"


def test_a_snapshot_of_a_running_statement_keeps_dead_rows(
    connect: Callable[[], psycopg.Connection[Any]],
) -> None:
    session = connect()
    session.pgconn.send_query(b"SELECT pg_sleep(30)")
    try:
        (blocker,) = eventually(lambda: blockers("long transaction"))
    finally:
        session.cancel()

    assert (blocker.pid, blocker.keeps_dead_rows) == (session.info.backend_pid, True)
    assert blocker.evidence == "SELECT pg_sleep(30)"


@pytest.mark.parametrize("table", ["pgjobs_job", "pgjobs_worker"])
def test_a_lock_on_a_table_is_listed_with_who_waits_for_it(
    connect: Callable[[], psycopg.Connection[Any]], table: str
) -> None:
    holder, waiting = connect(), connect()
    holder.execute("SET application_name = 'reindexing'")
    holder.execute(f"LOCK TABLE {table} IN SHARE MODE".encode())
    waiting.pgconn.send_query(f"DELETE FROM {table}".encode())
    try:
        (wait,) = eventually(lambda: blockers("lock wait"))
        (lock,) = blockers("table lock")
    finally:
        waiting.cancel()

    assert wait.pid == waiting.info.backend_pid
    assert wait.evidence == f"waits for pid {holder.info.backend_pid}"
    assert (lock.pid, lock.evidence) == (holder.info.backend_pid, f"ShareLock on {table}")
    assert lock.who.endswith(", reindexing")


def test_a_replication_slot_that_holds_no_rows_is_not_listed() -> None:
    query("SELECT pg_create_physical_replication_slot('forgotten', true)")
    try:
        assert blockers("replication slot") == []
    finally:
        query("SELECT pg_drop_replication_slot('forgotten')")


def test_a_table_of_many_dead_rows_is_listed() -> None:
    job = a_job("completed").pk
    query(
        "INSERT INTO pgjobs_log (job_id, attempt, timestamp, level, message) "
        "SELECT %s, 0, now(), 'info', '' FROM generate_series(1, 20000)",
        job,
    )
    query("DELETE FROM pgjobs_log")

    eventually(lambda: [each.who for each in blockers("dead rows")] == ["pgjobs_log"])


def test_a_quiet_database_has_no_blocker() -> None:
    a_job()

    assert [each for each in stats.blockers() if each.kind != "dead rows"] == []
