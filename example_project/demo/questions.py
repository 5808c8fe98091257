"""The demo's questions to the database, in SQL that the demo also shows.

The jobs of a run are the jobs that ended since the run began, and the jobs that have not ended.
"""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

from django.db import connection

NOW: Final = "SELECT statement_timestamp() AS now"

POSTGRESQL: Final = "SELECT current_setting('server_version') AS version"

# A job that reports its progress counts by its own steps. Any other job counts as one step.
LANES: Final = """
SELECT name,
       sum(COALESCE((progress ->> 'done')::float8, (completed IS NOT NULL)::int)) AS done,
       sum(COALESCE((progress ->> 'total')::float8, 1)) AS total
FROM pgjobs_job
WHERE completed IS NULL OR completed >= %(since)s
GROUP BY name
ORDER BY min(id)
"""

JOBS: Final = """
SELECT name, status, count(*) AS jobs,
       avg(completed - started) AS mean, max(completed - started) AS longest
FROM pgjobs_job
WHERE completed >= %(since)s
GROUP BY name, status
ORDER BY min(id)
"""

PACE: Final = """
SELECT count(*) AS jobs, COALESCE(max(completed) - min(started), '0') AS took
FROM pgjobs_job
WHERE completed >= %(since)s
"""

SLOWEST: Final = """
SELECT id, name, data ->> 'path' AS path, completed - started AS took
FROM pgjobs_job
WHERE completed >= %(since)s AND started IS NOT NULL
ORDER BY took DESC
LIMIT 5
"""

TROUBLE: Final = """
SELECT id, name, status, data ->> 'path' AS path, split_part(error, E'\\n', 1) AS error
FROM pgjobs_job
WHERE completed >= %(since)s AND status IN ('errored', 'failed')
ORDER BY status, id
"""

PYTHON: Final = """
SELECT count(*) AS files, COALESCE(sum(classes), 0) AS classes,
       COALESCE(sum(functions), 0) AS functions, COALESCE(sum(lines), 0) AS lines
FROM myplugin_pythonfile AS python
JOIN inventory_datafile AS file ON file.id = python.file_id
WHERE file.source_id = %(source)s
"""

FILE_TYPES: Final = """
SELECT COALESCE(NULLIF(suffix, ''), 'no suffix') AS suffix, files
FROM myplugin_filetype
WHERE source_id = %(source)s
ORDER BY files DESC, suffix
LIMIT 6
"""

FILES: Final = """
SELECT count(*) AS files, COALESCE(sum(size), 0) AS size
FROM inventory_datafile
WHERE source_id = %(source)s
"""


def ask(question: str, **parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters)
        names = [column.name for column in cursor.description or ()]
        rows = cursor.fetchall()
    return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in rows]


def ask_one(question: str, **parameters: Any) -> Any:
    (row,) = ask(question, **parameters)
    return row


def to_paste(question: str, since: datetime) -> str:
    """Return `question` with its parameters filled in, for psql."""
    return (
        question.strip() % {"since": f"'{since.isoformat(sep=' ', timespec='milliseconds')}'"} + ";"
    )
