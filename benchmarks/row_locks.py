"""The rows that claims locked in vain, read from PostgreSQL's WAL.

A row lock writes a WAL record, and so does an update. A transaction that locks a version of a row
and does not update it has locked the row in vain. No view of PostgreSQL counts these rows.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.db import connection

from example_project.postgres import binaries

_SLOT: Final = "pgjobs_benchmark"
# PostgreSQL 15 shows `LOCK off 5` and `UPDATE off 5`. Newer versions show `LOCK xmax: 740, off: 5`
# and `UPDATE old_xmax: 740, old_off: 5`. The last block is that of the old version of the row.
_RECORD: Final = re.compile(
    r"tx: +(?P<tx>\d+),.*? desc: (?P<kind>LOCK|(?:HOT_)?UPDATE)\b.*?off:? (?P<row>\d+)"
    r".* blk (?P<block>\d+)"
)


_RELATION: Final = """
SELECT concat_ws('/',
    (SELECT dattablespace FROM pg_database WHERE datname = current_database()),
    (SELECT oid FROM pg_database WHERE datname = current_database()),
    pg_relation_filenode('pgjobs_job'))
"""


class RowLocks:
    """Reads the row locks between two points of the WAL."""

    def __init__(self) -> None:
        self._since = _value("SELECT pg_current_wal_flush_lsn()")

    def in_vain(self) -> int:
        """Return the number of locked versions of jobs that their transaction did not update.

        Raises RuntimeError if pg_waldump fails.
        """
        directory = Path(_value("SHOW data_directory")) / "pg_wal"
        command = [str(binaries() / "pg_waldump"), "--path", str(directory), "--rmgr", "Heap"]
        command += ["--start", self._since, "--end", _value("SELECT pg_current_wal_flush_lsn()")]
        command += ["--relation", _value(_RELATION)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as dump:
            found = count_in_vain(dump.stdout or ())
            error = dump.stderr.read() if dump.stderr else ""
        if dump.returncode:
            raise RuntimeError(f"pg_waldump failed: {error}")
        return found


@contextmanager
def watched() -> Iterator[RowLocks]:
    """Keep the WAL until the end of the block, so that the row locks can be read from it."""
    _value(f"SELECT pg_create_physical_replication_slot('{_SLOT}', true)")
    try:
        yield RowLocks()
    finally:
        _value(f"SELECT pg_drop_replication_slot('{_SLOT}')")


def count_in_vain(records: Iterable[str]) -> int:
    """Return the number of locked rows in lines of pg_waldump that their transaction left alone."""
    locked: set[tuple[str, str, str]] = set()
    for line in records:
        if found := _RECORD.search(line):
            version = found["tx"], found["block"], found["row"]
            if found["kind"] == "LOCK":
                locked.add(version)
            else:
                locked.discard(version)
    return len(locked)


def _value(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return str(cursor.fetchone()[0])
