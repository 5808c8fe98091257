"""The load of PostgreSQL: the processor time of its processes, and what its statements cost."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import psutil
from django.db import connection

_RESET: Final = "SELECT pg_stat_statements_reset()"
_SUPERVISOR: Final = "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int"
# The benchmark's own queries contain the name of a statistics view, and are left out.
_STATEMENTS: Final = """
SELECT
    CASE
        WHEN query LIKE 'COPY pgjobs_job %' THEN 'enqueue'
        WHEN query !~ 'UPDATE pgjobs_job\\M' THEN 'other'
        WHEN query LIKE '%SKIP LOCKED%' THEN 'claim'
        ELSE 'record'
    END,
    sum(total_exec_time) / 1000,
    sum(wal_bytes)
FROM pg_stat_statements
WHERE query NOT LIKE '%pg_stat_%'
GROUP BY 1
"""
_WRITTEN: Final = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"


@dataclass(frozen=True, slots=True)
class Cost:
    """The execution time and the WAL of all statements of one kind."""

    seconds: float
    wal_bytes: float


def forget_statements() -> None:
    """Set the counters of all statements to zero."""
    _value(_RESET)


def statements(*needed: str) -> dict[str, Cost]:
    """Return the cost of the statements since they were forgotten, by kind.

    The kinds are `enqueue` (COPY), `claim`, `record` and `other`. Raises RuntimeError if a kind of
    `needed` has no statement: the engine's text has changed, and this module must follow it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENTS)
        found = {kind: Cost(float(seconds), float(wal)) for kind, seconds, wal in cursor}
    if missing := set(needed) - found.keys():
        raise RuntimeError(f"pg_stat_statements has no statement of the kind {sorted(missing)}.")
    return found


def wal_written() -> int:
    """Return the bytes of WAL that the server has written since it exists."""
    return int(_value(_WRITTEN))


def processor_seconds() -> float:
    """Return the processor time of all of PostgreSQL's processes, without this one's session.

    The supervising process has the time of each process that has ended, so the sum never falls.
    """
    supervisor = psutil.Process(int(_value(_SUPERVISOR)))
    while True:
        try:
            return _processor_seconds(supervisor)
        except psutil.NoSuchProcess:  # a session ended meanwhile
            time.sleep(0.01)


def _processor_seconds(supervisor: psutil.Process) -> float:
    own_session = connection.connection.info.backend_pid
    children = supervisor.children(recursive=True)
    times = [child.cpu_times() for child in children if child.pid != own_session]
    ended = supervisor.cpu_times()
    if supervisor.children(recursive=True) != children:
        raise psutil.NoSuchProcess(supervisor.pid)  # its time may be counted twice, or not at all
    return sum(each.user + each.system for each in [*times, ended]) + (
        ended.children_user + ended.children_system
    )


def _value(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return str(cursor.fetchone()[0])
