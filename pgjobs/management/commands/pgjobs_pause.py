"""``manage.py pgjobs_pause``"""

from __future__ import annotations

from pgjobs.management.pausing import PausingCommand
from pgjobs.models import Pause


class Command(PausingCommand):
    help = (
        "Stops claiming from queues or of job classes, cluster-wide, until resumed. "
        "Jobs that run go on."
    )
    done, already = "paused", "was paused already"

    def change(self, *, queue: str | None = None, job_class: str | None = None) -> bool:
        return Pause.objects.pause(queue=queue, job_class=job_class)
