"""The promises, asked of the rows in SQL. Each query returns the violations."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

from django.db import DatabaseError, connection

from tests.chaos import journal
from tests.chaos.identities import Identity, identities

_RUNS: Final = """
CREATE TABLE chaos_run (
    id text PRIMARY KEY, job bigint, epoch int, worker bigint, pid int, began float8, ended float8
);
CREATE INDEX ON chaos_run (job);
"""

# Chains go on for ever, so a link may wait for its moment. No other job may be live.
UNSETTLED: Final = """
SELECT job.id, job.status, job.job_class, job.epoch, job.worker_id, worker.stopped, job.scheduled
FROM pgjobs_job AS job LEFT JOIN pgjobs_worker AS worker ON worker.id = job.worker_id
WHERE job.status IN ('pending', 'running')
    OR job.status = 'scheduled' AND (job.interval IS NULL OR job.scheduled < now())
"""

# No job runs after the workers have gone. A link that has become due by then is not stuck.
RUNNING: Final = """
SELECT id, job_class, epoch, worker_id FROM pgjobs_job WHERE status = 'running'
"""

LOST: Final = """
SELECT ordered.key, ordered.kind, job.id, job.status, job.error
FROM chaos_order AS ordered LEFT JOIN pgjobs_job AS job ON job.kwargs ->> 'key' = ordered.key
WHERE ordered.kind <> 'Interval' AND job.status IS DISTINCT FROM 'completed'
"""

DOUBLED: Final = """
SELECT kwargs ->> 'key', count(*)
FROM pgjobs_job
WHERE interval IS NULL
GROUP BY 1
HAVING count(*) > 1
"""

# The effect must also be that of the run that completed the job.
ATOMIC_WRONG: Final = """
SELECT ordered.key, job.id, job.status, job.result, array_agg(effect.run)
FROM chaos_order AS ordered
LEFT JOIN pgjobs_job AS job ON job.kwargs ->> 'key' = ordered.key
LEFT JOIN chaos_effect AS effect ON effect.key = ordered.key
WHERE ordered.kind = 'Atomic'
GROUP BY 1, 2, 3, 4
HAVING count(effect.run) <> 1 OR min(effect.run) IS DISTINCT FROM job.result #>> '{}'
"""

# Both branches of a forked chain recur, so a fork never heals: counting the live links at the end
# finds it.
CHAINS_BROKEN: Final = """
SELECT ordered.key, count(job.id), count(job.id) FILTER (WHERE job.completed IS NULL)
FROM chaos_order AS ordered LEFT JOIN pgjobs_job AS job ON job.kwargs ->> 'key' = ordered.key
WHERE ordered.kind = 'Interval'
GROUP BY 1
HAVING count(job.id) FILTER (WHERE job.completed IS NULL) <> 1
"""

# An accepted outcome is a result in a row, or an entry in its list of failures. Either bears the
# name of its run. An outcome was stale if
# - its run was not the holder's: its worker is not the worker that the row named when the outcome
#   was accepted, or, for a result, its epoch is not the row's last one;
# - for a result, a run of a higher epoch ever began;
# - the same epoch was given two outcomes.
# The epoch alone is not enough: after a server crash that loses a claim, the next claim has the
# same epoch.
ACCEPTED: Final = """
CREATE TABLE chaos_accepted AS
SELECT
    job.id AS job, job.worker_id AS worker, job.epoch, job.result #>> '{}' AS run,
    true AS is_result
FROM pgjobs_job AS job
WHERE job.status = 'completed'
UNION ALL
SELECT job.id, (failure ->> 'worker')::bigint, NULL, failure ->> 'message', false
FROM pgjobs_job AS job CROSS JOIN LATERAL jsonb_array_elements(job.errors) AS failure
WHERE failure ->> 'message' ~ '^[0-9a-f]{32}$'
"""
STALE: Final = """
SELECT 'not the holder''s' AS why, accepted.*, run.*
FROM chaos_accepted AS accepted LEFT JOIN chaos_run AS run ON run.id = accepted.run
WHERE run.job IS DISTINCT FROM accepted.job
    OR run.worker IS DISTINCT FROM accepted.worker
    OR accepted.is_result AND run.epoch <> accepted.epoch
UNION ALL
SELECT 'a newer run had begun', accepted.*, run.*
FROM chaos_accepted AS accepted
JOIN chaos_run AS run ON run.id = accepted.run
WHERE EXISTS (
    SELECT FROM chaos_run AS newer
    WHERE accepted.is_result AND newer.job = run.job AND newer.epoch > run.epoch
)
UNION ALL
SELECT 'two outcomes of one epoch', accepted.*, run.*
FROM chaos_accepted AS accepted
JOIN chaos_run AS run ON run.id = accepted.run
WHERE EXISTS (
    SELECT FROM chaos_accepted AS other
    JOIN chaos_run AS its ON its.id = other.run
    WHERE other.job = accepted.job AND other.run <> accepted.run AND its.epoch = run.epoch
)
"""

# Each counted attempt left its failure or its result, and there are no more failures.
ATTEMPTS_WRONG: Final = """
SELECT id, attempt, jsonb_array_length(errors), errors
FROM pgjobs_job
WHERE job_class LIKE '%.Retrying%' AND jsonb_array_length(errors) <> attempt - 1
"""

# The statistics, merged or not, count each end once.
MISCOUNTED: Final = """
SELECT job_class, queue, outcome, ended, counted
FROM (
    SELECT job_class, queue, outcome, count(*) AS ended FROM chaos_end GROUP BY 1, 2, 3
) AS noted
FULL JOIN (
    SELECT job_class, queue, outcome, sum(jobs) AS counted
    FROM pgjobs_ended
    WHERE period = 'total'
    GROUP BY 1, 2, 3
) AS statistics USING (job_class, queue, outcome)
WHERE ended IS DISTINCT FROM counted
"""

PROMISES: Final = {
    "lost": LOST,
    "doubled": DOUBLED,
    "stuck": RUNNING,
    "atomic_wrong": ATOMIC_WRONG,
    "chains_broken": CHAINS_BROKEN,
    "stale_accepted": STALE,
    "attempts_wrong": ATTEMPTS_WRONG,
    "miscounted": MISCOUNTED,
}

FIGURES: Final = {
    "ends": "SELECT count(*) FROM chaos_end",
    "atomic": "SELECT count(*) FROM chaos_order WHERE kind = 'Atomic'",
    "chains": "SELECT count(*) FROM chaos_order WHERE kind = 'Interval'",
    "chain_links": "SELECT count(*) FROM pgjobs_job WHERE interval > 0 AND completed IS NOT NULL",
    "runs": "SELECT count(*) FROM chaos_run",
    "session_locks": "SELECT count(*) FROM pgjobs_worker WHERE has_session_lock",
    "runs_repeated": """
        SELECT count(*) FROM chaos_run WHERE id NOT IN (SELECT run FROM chaos_accepted)
    """,
    "claims_lost_in_crashes": """
        SELECT count(*)
        FROM (SELECT FROM chaos_run GROUP BY job, epoch HAVING count(*) > 1) AS twice
    """,
}


def settle(timeout: float) -> list[Any]:
    """Wait until all jobs that can run have run; return the jobs that have not."""
    deadline = time.monotonic() + timeout
    while (unsettled := _unsettled()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return unsettled


def _unsettled() -> list[Any]:
    try:
        return _ask(UNSETTLED)
    except DatabaseError as error:
        connection.close()
        return [str(error)]


def bring_in(directory: Path) -> list[journal.Run]:
    """Insert the runs of the journal beside the rows, and return them."""
    runs = journal.read(directory)
    with connection.cursor() as cursor:
        cursor.execute(_RUNS)
        cursor.executemany(
            "INSERT INTO chaos_run VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [(r.id, r.job, r.epoch, r.worker, r.pid, r.began, r.ended) for r in runs],
        )
        cursor.execute(ACCEPTED)
        cursor.execute("ANALYZE chaos_run, chaos_accepted, chaos_order, chaos_effect, pgjobs_job")
    return runs


def violations(*, placed: int, unsettled: list[Any]) -> dict[str, list[Any]]:
    """Return the violations of each promise; `placed` jobs were enqueued by committed
    transactions."""
    found = {promise: _ask(query) for promise, query in PROMISES.items()}
    [(known,)] = _ask("SELECT count(*) FROM chaos_order")
    found["stuck"] += unsettled
    found["lost"] += [("not even in the ledger",)] * (placed - known)
    return found


def workers() -> list[Identity]:
    return identities(_ask("SELECT id, pid, started, stopped FROM pgjobs_worker"))


def figures() -> dict[str, int]:
    return {name: _ask(query)[0][0] for name, query in FIGURES.items()}


def _ask(query: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
