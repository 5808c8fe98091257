"""``manage.py pgjobs_resume``: let workers claim again from paused queues or job classes."""

from __future__ import annotations

from pgjobs.management.pausing import PausingCommand
from pgjobs.models import Pause


class Command(PausingCommand):
    help = "Resumes queues or job classes that pgjobs_pause paused: workers claim their jobs again."
    done, already = "resumed", "was not paused"

    def change(self, *, queue: str | None = None, job_class: str | None = None) -> bool:
        return Pause.objects.resume(queue=queue, job_class=job_class)
