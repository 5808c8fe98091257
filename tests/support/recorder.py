"""A recorder that runs in the process of a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.rows.notes import LogLine
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.recording.recorder import Recorder

Claim = Callable[[int], list[Job]]
"""The fixture ``claim``."""


class RunningRecorder:
    """A recorder with its thread, and the jobs that it announced."""

    def __init__(self, connection: EngineConnection) -> None:
        self.connection = connection
        self.announced: list[Job] = []
        self.recorder = Recorder(connection, announce=self.announced.append)
        self.recorder.start()

    def record(self, job: Job, status: JobStatus = JobStatus.COMPLETED, **values: Any) -> None:
        outcome = Outcome(
            job_id=job.pk, epoch=job.epoch, worker_id=job.worker_id, status=status, **values
        )
        self.recorder.put(job, outcome)

    def say(self, job: Job, message: str) -> None:
        self.recorder.note(LogLine(job_id=job.pk, attempt=1, level="info", message=message))
