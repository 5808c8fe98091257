"""Limits that a role or a database puts on every session do not end the engine's own sessions."""

from __future__ import annotations

import time

import pytest

from pgjobs import BackgroundJob, events
from pgjobs.models import Job
from tests.apps.testapp.jobs import Tracing
from tests.apps.unruly.jobs import KilledBy, KilledInItsTransaction
from tests.support import traces
from tests.support.environment import with_apps
from tests.support.eventually import eventually
from tests.support.sessions import ROLE, backends
from tests.support.sql import query
from tests.support.worker_process import RunningWorker

REASONS = {
    "idle_session_timeout": "terminating connection due to idle-session timeout",
    "idle_in_transaction_session_timeout": (
        "terminating connection due to idle-in-transaction timeout"
    ),
    "statement_timeout": "canceling statement due to statement timeout",
    "transaction_timeout": "terminating connection due to transaction timeout",
}
KINDS = [
    "pgjobs claims: ",
    "pgjobs records: ",
    "pgjobs presence: ",
    ": LISTEN ",
    "procrastinate_defer_periodic_job",
    ": SELECT MIN(",  # the clock's tick
]
LOSSES: list[type[events.Event]] = [
    events.DatabaseAway,
    events.ProcrastinateWorkerLost,
    events.TickFailed,
    events.NoteLost,
]


@pytest.fixture
def killers(role: dict[str, str]) -> list[str]:
    """The limits that this server knows, switched on for the worker's role."""
    killers = [name for name in REASONS if query("SELECT FROM pg_settings WHERE name = %s", name)]
    for name in killers:
        # The limit for whole transactions is the longest: it would hide the limits inside a
        # transaction.
        limit = "2s" if name == "transaction_timeout" else "300ms"
        query(f"ALTER ROLE {ROLE} SET {name} = '{limit}'")
    return killers


def test_the_engines_sessions_outlive_the_limits_of_their_role(
    role: dict[str, str], killers: list[str]
) -> None:
    with RunningWorker(with_apps(role, "clockapp"), "-c", "1") as worker:
        traces.until("tick")
        sessions = eventually(those_that_live_on, timeout=30)
        for kind in KINDS:
            assert any(kind in session for session in sessions), kind
        for loss in LOSSES:
            assert not worker.told(loss), loss


def those_that_live_on() -> list[str]:
    """Return the name and the last statement of each session, once no session ends any more."""
    before = set(backends())
    time.sleep(5)  # longer than the limits, and than any pause of the clock
    if not before <= set(backends()):
        return []
    rows = query(
        "SELECT application_name || ': ' || query AS said FROM pg_stat_activity "
        "WHERE pid = ANY (%s)",
        list(before),
    )
    return [row["said"] for row in rows]


@pytest.mark.parametrize("job_class", [KilledBy, KilledInItsTransaction])
def test_a_job_that_hits_a_limit_of_its_role_is_errored_and_the_slot_goes_on(
    role: dict[str, str], killers: list[str], job_class: type[BackgroundJob]
) -> None:
    if job_class is KilledInItsTransaction:
        killers.remove("idle_session_timeout")  # it limits sessions outside of a transaction
    jobs = {}
    for killer in killers:
        jobs[killer] = job_class.enqueue(killer=killer)
        Tracing.enqueue()
    with RunningWorker(with_apps(role, "unruly"), "-c", "1") as worker:
        eventually(lambda: not Job.objects.live().exists(), timeout=30)
        assert worker.stop() == 0
    assert traces.labels() == ["ran"] * len(killers)
    for killer, job in jobs.items():
        job.refresh_from_db()
        assert (job.status, job.epoch) == ("errored", 1)
        # The answer with the reason can be lost with the connection.
        assert REASONS[killer] in job.error or "server closed the connection" in job.error
