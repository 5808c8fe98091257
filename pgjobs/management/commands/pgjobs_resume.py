"""``manage.py pgjobs_resume``"""

from __future__ import annotations

from pgjobs.management.pausing import PausingCommand
from pgjobs.models import Pause


class Command(PausingCommand):
    help = "Lets workers claim again what pgjobs_pause stopped."
    done, already = "resumed", "was not paused"

    def change(self, *, queue: str | None = None, job_class: str | None = None) -> bool:
        return Pause.objects.resume(queue=queue, job_class=job_class)
