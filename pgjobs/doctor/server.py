"""Looks at PostgreSQL: snapshots, dead rows, lock waits, connections, notifications, its clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from pgjobs import stats
from pgjobs.doctor.finding import Finding, Severity
from pgjobs.doctor.reading import read

_OLD: Final = timedelta(minutes=15)
"""A transaction that is older keeps rows that many jobs have left."""
_MANY_DEAD: Final = 100_000
_LONG_WAIT: Final = timedelta(seconds=5)
_FULL: Final = 0.9
"""The part of the connections that may be in use."""
_MANY_NOTIFICATIONS: Final = 0.5
"""The part of the queue of notifications above which idle workers are not woken: see
``sql/functions/ring.sql``."""
_SKEW: Final = timedelta(seconds=2)


def old_snapshots(using: str) -> Iterator[Finding]:
    """Find the holders of snapshots that keep VACUUM from removing dead rows."""
    for each in stats.blockers(using):
        if each.keeps_dead_rows and (each.since is None or _is_older(each, _OLD)):
            yield Finding(
                Severity.WARNING,
                "old snapshot",
                f"The {_named(each)} has kept dead rows since {each.since or 'an unknown moment'}.",
                "End it: pg_terminate_backend(pid), ROLLBACK PREPARED, "
                "pg_drop_replication_slot(name). idle_in_transaction_session_timeout ends "
                "forgotten transactions.",
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
    """Find locks on the tables of pgjobs that stop claims or writes."""
    for each in stats.blockers(using):
        if each.kind == "table lock" and _is_older(each, _LONG_WAIT):
            yield Finding(
                Severity.CRITICAL,
                "locked table",
                f"The session of pid {each.pid} ({each.who}) has held a {each.evidence} since "
                f"{each.since}: jobs wait for it.",
                "End its transaction: pg_terminate_backend(pid). Make indexes CONCURRENTLY.",
            )


def lock_waits(using: str) -> Iterator[Finding]:
    """Find sessions that wait for locks on tables of pgjobs."""
    for each in stats.blockers(using):
        if each.kind == "lock wait" and _is_older(each, _LONG_WAIT):
            yield Finding(
                Severity.WARNING,
                "lock wait",
                f"The session of pid {each.pid} ({each.who}) {each.evidence} since {each.since}.",
                "End the transaction of the holder: pg_terminate_backend(pid).",
            )


def _is_older(blocker: stats.Blocker, age: timedelta) -> bool:
    return blocker.since is not None and blocker.since < datetime.now(UTC) - age


def _named(blocker: stats.Blocker) -> str:
    if blocker.pid is None:
        name = blocker.evidence if blocker.kind == "prepared transaction" else blocker.who
        return f"{blocker.kind} {name}"
    return f"{blocker.kind} of pid {blocker.pid} ({blocker.who})"


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


def notifications(using: str) -> Iterator[Finding]:
    """Find a queue of notifications that fills, because a session that listens does not read."""
    ((used,),) = read(using, "doctor/notifications")
    if used > _MANY_NOTIFICATIONS:
        yield Finding(
            Severity.WARNING,
            "unread notifications",
            f"The server's queue of notifications is {used:.0%} full, so idle workers are not "
            "woken, and find jobs late.",
            "End the session that listens and leaves a transaction open, perhaps in another "
            "database: pg_terminate_backend(pid). The server's log names it.",
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
