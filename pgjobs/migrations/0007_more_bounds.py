"""Bounds for the moments of the other tables, and for the interval of a schedule.

As in ``0003_bounds``, each table is read once, beside working workers, and the constraints are NOT
VALID. They come after all that reads, because they lock the tables until the migration ends.
"""

from __future__ import annotations

import datetime
from typing import Final

from django.db import migrations, models

_FIRST: Final = "'0002-01-01 00:00:00+00'"
_LAST: Final = "'9998-12-31 00:00:00+00'"
_END: Final = "'9999-01-01 00:00:00+00'"
_MOMENTS: Final = {
    "worker": ("started", "heartbeat", "stopped"),
    "schedule": ("next_run", "last_run"),
    "log": ("timestamp",),
    "pause": ("since",),
}


def _in_range(table: str) -> str:
    return " AND ".join(f"{column} >= {_FIRST} AND {column} < {_END}" for column in _MOMENTS[table])


def _repair(table: str) -> migrations.RunSQL:
    """Return the operation that brings the moments of ``table`` into the bounds."""
    bounded = ", ".join(
        f"{column} = CASE WHEN {column} IS NOT NULL "
        f"THEN LEAST(GREATEST({column}, {_FIRST}), {_LAST}) END"
        for column in _MOMENTS[table]
    )
    return migrations.RunSQL(
        f"UPDATE pgjobs_{table} SET {bounded} WHERE NOT ({_in_range(table)})",
        migrations.RunSQL.noop,
    )


def _constraint(
    table: str, model: str, name: str, condition: str, state: models.Q
) -> migrations.RunSQL:
    """Return the operation that adds a constraint to ``table``, the one of ``model``."""
    constraint = models.CheckConstraint(name=f"pgjobs_{table}_{name}", condition=state)
    return migrations.RunSQL(
        f"ALTER TABLE pgjobs_{table} ADD CONSTRAINT {constraint.name} "
        f"CHECK ({condition}) NOT VALID",
        f"ALTER TABLE pgjobs_{table} DROP CONSTRAINT {constraint.name}",
        state_operations=[migrations.AddConstraint(model, constraint)],
    )


def _moments_in_range(table: str, model: str, name: str) -> migrations.RunSQL:
    state = models.Q()
    for column in _MOMENTS[table]:
        state &= models.Q(
            **{
                f"{column}__gte": datetime.datetime(2, 1, 1, tzinfo=datetime.UTC),
                f"{column}__lt": datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC),
            }
        )
    return _constraint(table, model, name, _in_range(table), state)


class Migration(migrations.Migration):
    dependencies = [("pgjobs", "0006_blocks")]

    operations = [
        migrations.RunSQL(
            "UPDATE pgjobs_schedule SET interval = 1 WHERE interval = 0", migrations.RunSQL.noop
        ),
        *(_repair(table) for table in _MOMENTS),
        _constraint(
            "schedule",
            "schedule",
            "interval_positive",
            "interval IS NULL OR interval >= 1",
            models.Q(interval=None) | models.Q(interval__gte=1),
        ),
        _moments_in_range("worker", "workerprocess", "moments_in_range"),
        _moments_in_range("schedule", "schedule", "moments_in_range"),
        _moments_in_range("log", "joblogentry", "moment_in_range"),
        _moments_in_range("pause", "pause", "moment_in_range"),
    ]
