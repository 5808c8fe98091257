"""The position of a pending job in its lane.

The first migration imports this module, so it must stay importable.
"""

from __future__ import annotations

from django.db import models


class NextPosition(models.Func):
    """The next number of the sequence that orders the jobs of a lane.

    A job that becomes pending again takes a new number, because the floor of a worker may
    have passed its old one. A job that is released or rescued keeps its number.
    """

    function = "nextval"
    template = "%(function)s('pgjobs_position')"
    arity = 0
    output_field = models.BigIntegerField()
