"""The reasons why a job waits, for a user with a restricted view of jobs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from pgjobs.conf import get_settings

_OTHERS: Final = re.compile(", (the longest )?by job .*", re.DOTALL)
"""The names of running jobs in the evidence of ``sql/functions/why.sql``."""


def without_other_jobs(reasons: Iterable[Any]) -> list[Any]:
    """Return the ``reasons``; with ``PGJOBS["VISIBLE_JOBS"]`` their evidence names no other job.

    `pgjobs_why()` names the jobs that hold the slots, and the user may not be allowed to see them.
    """
    if not get_settings().VISIBLE_JOBS:
        return list(reasons)
    return [
        replace(each, evidence=_OTHERS.sub(".", each.evidence)) if each.reason == "busy" else each
        for each in reasons
    ]
