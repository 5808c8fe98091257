"""What the sessions of workers do or wait for, sampled from PostgreSQL's view of its sessions."""

from __future__ import annotations

from collections import Counter
from typing import Final

from django.db import connection

PROCESSOR: Final = "processor"
# One statement asks for both, so that the benchmark's questions are one entry of the statistics.
_SAMPLE: Final = """
SELECT substr(application_name, 8), COALESCE(wait_event_type || ':' || wait_event, %s)
FROM pg_stat_activity
WHERE state = 'active' AND application_name LIKE 'pgjobs %%'
UNION ALL
SELECT NULL, 'drained'
WHERE NOT EXISTS (SELECT FROM pgjobs_job WHERE status = 'pending')
    AND NOT EXISTS (SELECT FROM pgjobs_job WHERE status = 'running')
"""


class Waits:
    """Counts the samples in which a session of a worker was active, by session and event."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str]] = Counter()

    def sample_until_drained(self) -> bool:
        """Take one sample; return whether no job is pending or running."""
        with connection.cursor() as cursor:
            cursor.execute(_SAMPLE, [PROCESSOR])
            rows = cursor.fetchall()
        self._seen.update((session, event) for session, event in rows if session is not None)
        return (None, "drained") in rows

    def shares(self) -> dict[str, float]:
        """Return the share of each session and event among all samples, the largest first."""
        total = self._seen.total()
        return {
            f"{session}, {event}": round(count / total, 4)
            for (session, event), count in self._seen.most_common()
        }
