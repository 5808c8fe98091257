"""The same engine without statistics, to compare with: a drain that counts no ends.

Only the benchmark's own database and its own workers know it. There is no such setting.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection

from pgjobs.rows import record
from pgjobs.sql import load

_VARIABLE: Final = "BENCHMARK_UNCOUNTED"
_TRIGGERS: Final = ("pgjobs_count_end", "pgjobs_count_ends")
_OF_THE_COUNT: Final = (
    r"\n +AND \(SELECT set_config\('pgjobs.counts', 'batch', true\)\) IS NOT NULL",
    r",\n +job\.job_class,\n.*?AS wait(?=\n\),)",
    r",\ntally AS \(\n\{tally\}\n\)",
    r"\(SELECT tallied FROM tally\) IS NOT NULL AND ",
)
"""The parts of ``record_plain.sql`` that only the statistics need."""


@contextmanager
def workers() -> Iterator[None]:
    """Let the workers that start meanwhile count no ends, and switch the triggers off."""
    os.environ[_VARIABLE] = "1"
    _switch("DISABLE")
    try:
        yield
    finally:
        _switch("ENABLE")
        del os.environ[_VARIABLE]


def obey() -> None:
    """Leave the counts out of the plain record of this process, if it is such a worker.

    Raises RuntimeError if the statement has changed, so that this module must follow it.
    """
    if _VARIABLE not in os.environ:
        return
    text = load("record_plain")
    for part in _OF_THE_COUNT:
        text, found = re.subn(part, "", text, flags=re.DOTALL)
        if found != 1:
            raise RuntimeError(f"record_plain.sql has no part {part!r} any more.")
    record._PLAIN_IDS = text.replace("{answer}", "array_agg(id)")  # type: ignore[misc]


def _switch(how: str) -> None:
    with connection.cursor() as cursor:
        for trigger in _TRIGGERS:
            cursor.execute(f"ALTER TABLE pgjobs_job {how} TRIGGER {trigger}")
