"""Bounds for merged statistics, so that no row by hand spoils a page, a counter or a merge.

Rows beyond the bounds are deleted, because they stand for no jobs, but the moments of a kind of
failure are brought into the bounds. The constraints come last, because they lock the tables until
the migration ends. Merging keeps below the bounds, see ``sql/statistics/merge.sql``.
"""

from __future__ import annotations

from typing import Final

from django.db import migrations

_FIRST: Final = "'0002-01-01 00:00:00+00'"
_LAST: Final = "'9998-12-31 00:00:00+00'"
_END: Final = "'9999-01-01 00:00:00+00'"
_MOST_JOBS: Final = "1000000000000000"


def _histogram_fits(name: str) -> str:
    """Return the condition that the two arrays of a histogram fit each other."""
    buckets, counts = f"{name}_buckets", f"{name}_counts"
    return f"""
    cardinality({buckets}) = cardinality({counts})
    AND COALESCE(array_ndims({buckets}), 1) = 1 AND COALESCE(array_ndims({counts}), 1) = 1
    AND array_position({buckets}, NULL) IS NULL AND array_position({counts}, NULL) IS NULL
    AND -145 <= ALL ({buckets}) AND 218 >= ALL ({buckets})
    AND 1 <= ALL ({counts}) AND {_MOST_JOBS} >= ALL ({counts})
"""


_STATISTICS_FIT: Final = f"""
    period IN ('minute', 'hour', 'day', 'total')
    AND start >= {_FIRST} AND start < {_END}
    AND length(job_class) <= 200 AND length(queue) <= 100 AND length(outcome) <= 12
    AND jobs BETWEEN 1 AND {_MOST_JOBS}
    AND run_seconds BETWEEN 0 AND 1e300 AND wait_seconds BETWEEN 0 AND 1e300
    AND {_histogram_fits("run")} AND {_histogram_fits("wait")}
"""
_FAILURES_FIT: Final = f"""
    first_seen >= {_FIRST} AND first_seen < {_END} AND last_seen >= {_FIRST} AND last_seen < {_END}
    AND length(job_class) <= 200 AND length(exception) <= 200 AND length(frame) <= 200
    AND jobs BETWEEN 1 AND {_MOST_JOBS}
"""
# The view pgjobs_jobs adds this setting to a moment.
_TIMEOUT_FITS: Final = """
    CASE
        WHEN kind <> 'setting' OR name <> 'DEFAULT_TIMEOUT' THEN true
        WHEN jsonb_typeof(options -> 'value') = 'number'
        THEN (options ->> 'value')::numeric BETWEEN 0 AND 2147483647
        ELSE options ->> 'value' IS NULL
    END
"""


def _delete(table: str, fits: str) -> migrations.RunSQL:
    """Return the operation that deletes the rows beyond the bounds."""
    return migrations.RunSQL(
        f"DELETE FROM pgjobs_{table} WHERE ({fits}) IS NOT TRUE", migrations.RunSQL.noop
    )


def _constraint(table: str, name: str, fits: str) -> migrations.RunSQL:
    """Return the operation that adds a constraint to a table."""
    return migrations.RunSQL(
        f"ALTER TABLE pgjobs_{table} ADD CONSTRAINT {name} CHECK ({fits}) NOT VALID",
        f"ALTER TABLE pgjobs_{table} DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0034_locales")]

    operations = [
        migrations.RunSQL(
            f"""
            UPDATE pgjobs_failure_statistics
            SET first_seen = LEAST(GREATEST(first_seen, {_FIRST}), {_LAST}),
                last_seen = LEAST(GREATEST(last_seen, {_FIRST}), {_LAST})
            WHERE LEAST(first_seen, last_seen) < {_FIRST}
                OR GREATEST(first_seen, last_seen) >= {_END}
            """,
            migrations.RunSQL.noop,
        ),
        _delete("statistics", _STATISTICS_FIT),
        _delete("failure_statistics", _FAILURES_FIT),
        _delete("registry", _TIMEOUT_FITS),
        _constraint("statistics", "pgjobs_statistics_fit", _STATISTICS_FIT),
        _constraint("failure_statistics", "pgjobs_failure_statistics_fit", _FAILURES_FIT),
        _constraint("registry", "pgjobs_registry_timeout_fits", _TIMEOUT_FITS),
    ]
