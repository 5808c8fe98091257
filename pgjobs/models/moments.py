"""The bounds of the moments that a row may hold."""

from __future__ import annotations

from django.db import models

from pgjobs.limits import END_OF_TIME, FIRST_MOMENT


def in_range(*columns: str) -> models.Q:
    """Return the condition that Python can hold the moments of ``columns``; NULL fulfils it.

    PostgreSQL holds ``infinity`` too, which SQL by hand may write. One such row would break each
    list that it is in, and an infinite heartbeat would end the search for dead workers.
    """
    conditions = models.Q()
    for column in columns:
        conditions &= models.Q(**{f"{column}__gte": FIRST_MOMENT, f"{column}__lt": END_OF_TIME})
    return conditions
