"""Looks at PostgreSQL: old snapshots, dead rows, lock waits, free connections, its clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from pgjobs.doctor.finding import Finding, Severity
from pgjobs.doctor.reading import read

_OLD: Final = timedelta(minutes=15)
"""A transaction that is older keeps rows that many jobs have left."""
_MANY_DEAD: Final = 100_000
_LONG_WAIT: Final = timedelta(seconds=5)
_FULL: Final = 0.9
"""The part of the connections that may be in use."""
_SKEW: Final = timedelta(seconds=2)


def old_snapshots(using: str) -> Iterator[Finding]:
    """Find the holders of snapshots that keep VACUUM from removing dead rows."""
    for holder, since in read(using, "doctor/old_snapshots", longest=_OLD):
        yield Finding(
            Severity.WARNING,
            "old snapshot",
            f"{holder} has kept dead rows since {since or 'an unknown moment'}.",
            "End it: pg_terminate_backend(pid), ROLLBACK PREPARED, pg_drop_replication_slot(name). "
            "idle_in_transaction_session_timeout ends forgotten transactions.",
        )


def hidden_sessions(using: str) -> Iterator[Finding]:
    """Find sessions of other roles, of which this role can't see how old their transactions are."""
    if roles := [role for (role,) in read(using, "doctor/hidden_sessions")]:
        yield Finding(
            Severity.NOTE,
            "hidden sessions",
            f"The sessions of {', '.join(roles)} hide their transactions and waits from this role.",
            "Examine as a member of pg_read_all_stats to have their old snapshots and waits found.",
        )


def dead_rows(using: str) -> Iterator[Finding]:
    """Find tables in which dead rows stay."""
    for table, live, dead, vacuumed, has_autovacuum in read(using, "doctor/tables"):
        if not has_autovacuum:
            yield Finding(
                Severity.WARNING,
                "no autovacuum",
                f"Autovacuum is off for {table}, which changes with each job.",
                "Reset the table's parameter autovacuum_enabled, or set autovacuum in the server.",
            )
        if dead > _MANY_DEAD + live:
            yield Finding(
                Severity.WARNING,
                "dead rows",
                f"{table} has {dead} dead rows beside {live} live ones; it was vacuumed last "
                f"{vacuumed or 'never'}.",
                f"VACUUM {table}. If that removes nothing, something holds an old snapshot.",
            )


def table_locks(using: str) -> Iterator[Finding]:
    """Find locks on the table of jobs that stop all claims."""
    for holder, mode, since in read(using, "doctor/table_locks", longest=_LONG_WAIT):
        yield Finding(
            Severity.CRITICAL,
            "locked table",
            f"The session of pid {holder} has held a {mode} on pgjobs_job since {since}: no job is "
            "claimed and none is enqueued.",
            "End its transaction: pg_terminate_backend(pid). Make indexes CONCURRENTLY.",
        )


def lock_waits(using: str) -> Iterator[Finding]:
    """Find sessions that wait for locks on tables of pgjobs."""
    for pid, blockers, since in read(using, "doctor/waits", longest=_LONG_WAIT):
        yield Finding(
            Severity.WARNING,
            "lock wait",
            f"The session with pid {pid} has waited since {since} for a lock that pid "
            f"{', '.join(map(str, blockers))} holds.",
            "End the transaction of the holder: see pg_stat_activity, pg_terminate_backend(pid).",
        )


def connections_left(using: str) -> Iterator[Finding]:
    """Find a server that will soon refuse connections."""
    ((used, allowed),) = read(using, "doctor/connections")
    if used > _FULL * allowed:
        yield Finding(
            Severity.WARNING,
            "connection limit near",
            f"{used} of {allowed} connections are in use.",
            "Raise max_connections, or lower the slots of workers: each slot may have one.",
        )


def clock_skew(using: str) -> Iterator[Finding]:
    """Find a clock that differs from that of the server."""
    before = datetime.now(UTC)
    ((there,),) = read(using, "doctor/clock")
    after = datetime.now(UTC)
    off = max(before - there, there - after)
    if off > _SKEW:
        yield Finding(
            Severity.WARNING,
            "clock skew",
            f"The clock of this host and that of PostgreSQL differ by {off.total_seconds():.1f} s.",
            "Synchronise both clocks: moments that your code computes are off by as much.",
        )
