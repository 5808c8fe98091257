"""Where a pending job stands in its lane."""

from __future__ import annotations

from django.db import models


class NextPosition(models.Func):
    """The next number of the sequence that orders jobs inside a lane.

    Every return to pending takes a new one: a worker's floor may have passed the old.
    """

    function = "nextval"
    template = "%(function)s('pgjobs_position')"
    arity = 0
    output_field = models.BigIntegerField()
