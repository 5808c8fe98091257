"""Bounds for the moments and the counters of a job, and a view that bears any progress.

PostgreSQL holds moments that Python can't hold. The constraints are NOT VALID, so the table is not
read while it is locked. The UPDATE before them brings old rows into the bounds; it reads the table
once, beside working workers.
"""

from __future__ import annotations

import datetime
from typing import Final

from django.db import migrations, models
from django.db.models.functions import Greatest, Least
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from pgjobs.sql.schema import create, drop

_OLD: Final = ("views/jobs.0002", "views/running.0002")
_NEW: Final = ("views/jobs.0003", "views/running.0002")

_MOMENTS: Final = ("created", "scheduled", "started", "completed", "cancel_requested")
_MOMENTS_IN_RANGE: Final = """
    LEAST(created, scheduled, started, completed, cancel_requested) >= '0002-01-01 00:00:00+00'
    AND GREATEST(created, scheduled, started, completed, cancel_requested)
        < '9999-01-01 00:00:00+00'
"""
_COUNTERS_IN_RANGE: Final = """
    status NOT IN ('pending', 'scheduled')
    OR epoch < 2147483647 AND attempt < 32767 AND interruptions < 32767
"""

_REPAIR: Final = f"""
UPDATE pgjobs_job
SET created = LEAST(GREATEST(created, '0002-01-01 00:00:00+00'), '9998-12-31 00:00:00+00'),
    scheduled = CASE WHEN scheduled IS NOT NULL THEN
        LEAST(GREATEST(scheduled, '0002-01-01 00:00:00+00'), '9998-12-31 00:00:00+00')
    END,
    started = CASE WHEN started IS NOT NULL THEN
        LEAST(GREATEST(started, '0002-01-01 00:00:00+00'), '9998-12-31 00:00:00+00')
    END,
    completed = CASE WHEN completed IS NOT NULL THEN
        LEAST(GREATEST(completed, '0002-01-01 00:00:00+00'), '9998-12-31 00:00:00+00')
    END,
    cancel_requested = CASE WHEN cancel_requested IS NOT NULL THEN
        LEAST(GREATEST(cancel_requested, '0002-01-01 00:00:00+00'), '9998-12-31 00:00:00+00')
    END,
    epoch = LEAST(epoch, 2147483646),
    attempt = LEAST(attempt, 32766),
    interruptions = LEAST(interruptions, 32766)
WHERE NOT ({_MOMENTS_IN_RANGE}) OR NOT ({_COUNTERS_IN_RANGE})
"""


def _constraint(condition: str, constraint: models.CheckConstraint) -> migrations.RunSQL:
    """Return the operation that adds ``constraint``, which ``condition`` expresses in SQL."""
    return migrations.RunSQL(
        f"ALTER TABLE pgjobs_job ADD CONSTRAINT {constraint.name} CHECK ({condition}) NOT VALID",
        f"ALTER TABLE pgjobs_job DROP CONSTRAINT {constraint.name}",
        state_operations=[migrations.AddConstraint("job", constraint)],
    )


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0002_functions_and_views")]

    operations = [
        *drop(_OLD),
        migrations.RunSQL(_REPAIR, migrations.RunSQL.noop),
        _constraint(
            _MOMENTS_IN_RANGE,
            models.CheckConstraint(
                name="pgjobs_job_moments_in_range",
                condition=models.Q(
                    GreaterThanOrEqual(
                        Least(*_MOMENTS), datetime.datetime(2, 1, 1, tzinfo=datetime.UTC)
                    )
                )
                & models.Q(
                    LessThan(
                        Greatest(*_MOMENTS), datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC)
                    )
                ),
            ),
        ),
        _constraint(
            _COUNTERS_IN_RANGE,
            models.CheckConstraint(
                name="pgjobs_job_counters_in_range",
                condition=~models.Q(status__in=["pending", "scheduled"])
                | models.Q(epoch__lt=2147483647, attempt__lt=32767, interruptions__lt=32767),
            ),
        ),
        *create(_NEW),
    ]
