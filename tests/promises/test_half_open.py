"""A peer that vanished silently is noticed in seconds, because the kernel probes idle
connections."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pgjobs import events
from pgjobs.conf import Settings
from pgjobs.worker.connection import NETWORK
from tests.support.by_address import url_by_address
from tests.support.eventually import eventually
from tests.support.own_server import Server, own_server
from tests.support.requirements import skip_or_fail
from tests.support.worker_process import RunningWorker

CONNECTIONS = Path("/proc/net/tcp")
SOON = 10.0
KINDS = ["pgjobs claims: ", "pgjobs records: ", "pgjobs presence: ", ": LISTEN ", ": COMMIT"]


@pytest.fixture
def server() -> Iterator[Server]:
    if not CONNECTIONS.exists():
        skip_or_fail(f"there is no {CONNECTIONS}, where Linux shows the timers of connections")
    pid = os.getpid()
    address = f"127.{pid >> 16 & 255}.{pid >> 8 & 255}.{pid & 255}"  # an address of this test alone
    with own_server(listen_addresses=address) as server:
        server.environment["DATABASE_URL"] = url_by_address(server.postgres, address)
        yield server


def test_every_idle_session_of_the_engine_is_probed_by_the_kernel(server: Server) -> None:
    with RunningWorker(server.environment) as worker:
        # The clock's first tick has run its job.
        worker.until_told(events.AttemptEnded, status="completed")
        for kind in KINDS:
            eventually(partial(is_asked_after_soon, server, kind), timeout=20)


def test_a_lost_peer_is_noticed_before_the_worker_tells_its_jobs_to_stop(server: Server) -> None:
    url = server.environment["DATABASE_URL"]
    with (
        psycopg.connect(make_conninfo(url, **NETWORK)) as connection,
        socket.socket(fileno=os.dup(connection.fileno())) as seen,
    ):
        gives_up_after = seen.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) / 1000
        keepalives = [
            seen.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        ]
    idle, interval, count = keepalives
    # The connection is lost just after a heartbeat, and the next statement on it may be the next
    # heartbeat.
    silence = Settings().HEARTBEAT_INTERVAL
    told_to_stop = Settings().HEARTBEAT_TIMEOUT * 0.8

    assert silence + gives_up_after < told_to_stop - 1
    assert silence + idle + interval * count < told_to_stop - 1


def is_asked_after_soon(server: Server, kind: str) -> bool:
    port = server.ask(
        "SELECT client_port FROM pg_stat_activity "
        "WHERE position(%s IN application_name || ': ' || query) > 0 AND client_port > 0",
        kind,
    )
    seconds = keepalive_timers().get(port)
    return seconds is not None and seconds <= SOON


def keepalive_timers() -> dict[int, float]:
    """Return the seconds until the kernel probes the peer of each local port (proc_net_tcp.txt,
    Linux)."""
    timers = {}
    for line in CONNECTIONS.read_text().splitlines()[1:]:
        _, local, _, _, _, timer, *_ = line.split()
        kind, when = timer.split(":")
        if kind == "02":
            timers[int(local.split(":")[1], 16)] = int(when, 16) / os.sysconf("SC_CLK_TCK")
    return timers
