"""Rows as many jobs would leave them: the jobs of 90 days, their statistics and their failures."""

from __future__ import annotations

import json
from typing import Final

from django.db import connection

from benchmarks import table

_CLASSES: Final = 30
_JOBS_OF_A_CLASS: Final = 160_000
_LIVE: Final = 0.01
"""The share of jobs that wait."""
_JOBS = """
INSERT INTO pgjobs_job (
    status, created, started, completed, job_class, name, queue_name, error, errors
)
SELECT
    status,
    now() - age - interval '1 s',
    CASE WHEN status <> 'pending' THEN now() - age - interval '0.1 s' END,
    CASE WHEN status <> 'pending' THEN now() - age END,
    'app.jobs.Class' || number %% %(classes)s,
    'A job',
    (ARRAY['high', 'default', 'low'])[1 + number %% 3],
    CASE WHEN status = 'errored' THEN 'ValueError: no such row as ' || number %% 20 ELSE '' END,
    CASE WHEN status = 'errored' THEN %(failed)s ELSE '[]' END::jsonb
FROM generate_series(1, %(jobs)s) AS number
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN number > %(jobs)s * (1 - %(live)s) THEN 'pending'
            WHEN number %% 100 = 0 THEN 'errored'
            ELSE 'completed'
        END AS status,
        number * interval '90 days' / %(jobs)s AS age
) AS made
"""
_FAILED: Final = [
    {
        "attempt": 1,
        "exception": "builtins.ValueError",
        "frame": "app.jobs:run:1",
        "message": "no such row",
        "traceback": "Traceback (most recent call last):\n  ...\nValueError: no such row\n",
    }
]
# As if so many jobs had ended in each week: of five millions, one in ten seconds for each of 90
# classes and queues. The histograms of longer periods have more buckets.
_STATISTICS = """
INSERT INTO pgjobs_statistics
SELECT
    kept.period,
    CASE kept.period
        WHEN 'total' THEN 'epoch' ELSE date_trunc(kept.period, now(), 'UTC') - number * kept.length
    END,
    'app.jobs.Class' || class,
    queue,
    outcome,
    jobs, 0.1 * jobs, jobs,
    run.buckets, run.counts, wait.buckets, wait.counts
FROM (
    VALUES
        ('minute', interval '1 minute', 3 * 1440, 1.0 / 10080),
        ('hour', interval '1 hour', 60 * 24, 1.0 / 168),
        ('day', interval '24 hours', 800, 1.0 / 7),
        ('total', interval '0', 1, 100)
) AS kept (period, length, periods, weeks)
CROSS JOIN LATERAL generate_series(0, kept.periods - 1) AS number
CROSS JOIN generate_series(0, %(classes)s - 1) AS class
CROSS JOIN unnest(ARRAY['high', 'default', 'low']) AS queue
CROSS JOIN LATERAL (
    VALUES
        ('completed', ceil(kept.weeks * %(jobs)s / 3 / %(classes)s)::bigint),
        ('errored', floor(kept.weeks * %(jobs)s / 300 / %(classes)s)::bigint)
) AS ends (outcome, jobs)
CROSS JOIN LATERAL (
    SELECT
        array_agg(bucket::smallint) AS buckets,
        array_agg(GREATEST(jobs / shape.width, 1)) AS counts
    FROM (SELECT LEAST(jobs, 2 + round(6 * ln(jobs)))::bigint AS width) AS shape
    CROSS JOIN LATERAL generate_series(class - 40, class - 41 + shape.width) AS bucket
) AS run
CROSS JOIN LATERAL (
    SELECT
        array_agg(bucket::smallint) AS buckets,
        array_agg(GREATEST(jobs / shape.width, 1)) AS counts
    FROM (SELECT LEAST(jobs, 2 + round(8 * ln(jobs)))::bigint AS width) AS shape
    CROSS JOIN LATERAL generate_series(class - 20, class - 21 + shape.width) AS bucket
) AS wait
WHERE jobs > 0
"""
_FAILURES = """
INSERT INTO pgjobs_failure_statistics
SELECT
    'app.jobs.Class' || number %% 30, 'builtins.ValueError', 'app.jobs:run:' || number,
    9, now(), now(), number
FROM generate_series(1, 1000) AS number
"""


def fill(jobs: int) -> None:
    """Replace all jobs and statistics by those of so many jobs."""
    table.clear()
    classes = max(1, min(_CLASSES, jobs // _JOBS_OF_A_CLASS))
    values: dict[str, int | float | str] = {
        "jobs": jobs,
        "classes": classes,
        "live": _LIVE,
        "failed": json.dumps(_FAILED),
    }
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE pgjobs_ends, pgjobs_statistics, pgjobs_failure_statistics")
        for statement in (_JOBS, _STATISTICS, _FAILURES):
            cursor.execute(statement, values)
        cursor.execute("VACUUM (ANALYZE) pgjobs_job, pgjobs_statistics, pgjobs_failure_statistics")
