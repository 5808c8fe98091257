"""``manage.py pgjobs_pause``: stop claiming from queues or of job classes."""

from __future__ import annotations

from pgjobs.management.pausing import PausingCommand
from pgjobs.models import Pause


class Command(PausingCommand):
    help = (
        "Pauses queues or job classes: no worker of the cluster claims their jobs until "
        "pgjobs_resume. Running jobs go on."
    )
    done, already = "paused", "was paused already"

    def change(self, *, queue: str | None = None, job_class: str | None = None) -> bool:
        return Pause.objects.pause(queue=queue, job_class=job_class)
