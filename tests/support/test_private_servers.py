"""No other user of the machine gets into the servers that the tests and the demo start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from example_project.postgres import PORT, EmbeddedPostgres
from tests.support import pgbouncer
from tests.support.by_address import url_by_address
from tests.support.pgbouncer import ANY, PgBouncer
from tests.support.requirements import skip_or_fail
from tests.support.sql import ask_for_one
from tests.support.strangers import a_stranger_reaches


@pytest.fixture(scope="module")
def address() -> str:
    pid = os.getpid()
    return f"127.{pid >> 16 & 255}.{pid >> 8 & 255}.{pid & 255}"  # an address of this test alone


@pytest.fixture(scope="module")
def server(address: str) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(settings={"listen_addresses": address}) as server:
        yield server


@pytest.fixture(scope="module")
def pooler(server: EmbeddedPostgres, address: str) -> Iterator[PgBouncer]:
    if pgbouncer.PROGRAM is None:
        skip_or_fail("pgbouncer is not installed")
    behind = {"host": server.socket_dir, "port": PORT, "user": "postgres"}
    with PgBouncer({ANY: behind}, address=address) as pooler:
        yield pooler


def test_a_server_is_reached_by_its_own_user_alone(server: EmbeddedPostgres) -> None:
    assert server.socket_dir.stat().st_mode & 0o777 == 0o700
    assert not a_stranger_reaches(server.socket_dir / f".s.PGSQL.{PORT}")


def test_a_server_refuses_clients_by_address_without_a_rule_and_then_without_its_password(
    address: str, server: EmbeddedPostgres
) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects connection"):
        psycopg.connect(host=address, port=PORT, user="postgres")

    url = url_by_address(server, address)

    assert ask_for_one(url, "SELECT inet_server_addr()::text") == f"{address}/32"
    for password, reason in ((None, "no password supplied"), ("x", "authentication failed")):
        with pytest.raises(psycopg.OperationalError, match=reason):
            psycopg.connect(host=address, port=PORT, user="postgres", password=password)


def test_a_pooler_is_reached_by_its_own_user_alone(pooler: PgBouncer) -> None:
    socket = pooler.socket_dir / f".s.PGSQL.{pgbouncer.PORT}"

    assert not a_stranger_reaches(socket)
    modes = {path.name: path.stat().st_mode & 0o777 for path in pooler.socket_dir.iterdir()}
    assert {modes[name] for name in ("pgbouncer.ini", "users")} == {0o600}
    assert modes[socket.name] == 0o700


@pytest.mark.parametrize("way", ["socket", "address"])
def test_a_pooler_refuses_clients_without_its_password(
    way: str, address: str, pooler: PgBouncer
) -> None:
    host: str | Path = address if way == "address" else pooler.socket_dir

    for user in (pgbouncer.USER, "postgres"):
        for password, reason in ((None, "no password supplied"), ("x", "authentication failed")):
            with pytest.raises(psycopg.OperationalError, match=reason):
                psycopg.connect(
                    host=str(host),
                    port=pgbouncer.PORT,
                    user=user,
                    password=password,
                    dbname="postgres",
                )
