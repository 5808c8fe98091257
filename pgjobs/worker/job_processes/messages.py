"""The messages between a worker and the process of a job, as values of JSON.

To the process: a job, and stop requests. From the process: notes, and the outcome.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any, Final

from pgjobs import codec
from pgjobs.choices import JobStatus
from pgjobs.exceptions import JobCancelled, JobInterrupted, JobTimeout, WorkerLost
from pgjobs.models import Job
from pgjobs.rows.columns import CLAIMED, SET_BY_CLAIM
from pgjobs.rows.failure import Failure
from pgjobs.rows.notes import LogLine, Note, Progress
from pgjobs.rows.outcome import Outcome

_TYPED: Final = ("user_id", "created", "scheduled", "started")
"""Columns with values that JSON may lack: moments, and the keys of a project's users."""
_SENT: Final = (*CLAIMED, *SET_BY_CLAIM)
_STOP_REQUESTS: Final = {kind.__name__: kind for kind in (JobTimeout, JobCancelled, WorkerLost)}
_NOTES: Final = {kind.__name__: kind for kind in (LogLine, Progress)}
_NOT_SENT: Final = ("lines", "cause")
"""Fields of an outcome that the process has used up: it writes the lines and tells the cause."""
_WAITS: Final = ("delay", "due")
_OUTCOME: Final = tuple(each.name for each in fields(Outcome) if each.name not in _NOT_SENT)

Identity = tuple[int, int, int | None]


def from_job(job: Job, *, is_last: bool) -> dict[str, Any]:
    """Return the message of a claimed job, without columns that its claim left in the database.

    After a job that ``is_last``, the process is to end.
    """
    values = job.__dict__
    columns = {name: values[name] for name in _SENT if name in values}
    for name in _TYPED:
        columns[name] = codec.encode(columns[name], name)
    return {
        "alias": job._state.db,
        "columns": columns,
        "is_heavy": job.is_heavy,
        "is_last": is_last,
    }


def to_job(message: dict[str, Any]) -> Job:
    """Return the job of a message of `from_job`."""
    columns = message["columns"]
    for name in _TYPED:
        columns[name] = codec.decode(columns[name], name)
    job = Job.from_claim(columns, message["alias"])
    job.is_heavy = message["is_heavy"]
    return job


def from_note(note: Note) -> dict[str, Any]:
    values = {each.name: getattr(note, each.name) for each in fields(note)}
    return {"note": type(note).__name__, "values": values}


def to_note(message: dict[str, Any]) -> Note:
    return _NOTES[message["note"]](**message["values"])


def from_outcome(outcome: Outcome | None, job: Job, *, is_last: bool) -> dict[str, Any]:
    """Return the message of an outcome; ``is_last`` says that the process takes no other job."""
    if outcome is None:
        return {"outcome": None, "is_last": is_last}
    # An atomic job knows its moments; the others get theirs when they are recorded.
    moments = (job.started, job.completed) if outcome.is_recorded else None
    values = {name: getattr(outcome, name) for name in _OUTCOME}
    if (failure := outcome.failure) is not None:
        values["failure"] = asdict(failure)
    for name in _WAITS:
        values[name] = codec.encode(values[name], name)
    moments = codec.encode(moments, "moments")
    return {"outcome": values, "moments": moments, "is_last": is_last}


def to_outcome(message: dict[str, Any], job: Job, identity: Identity) -> Outcome | None:
    """Return the outcome of a message, for the row that ``identity`` names and for no other one.

    Give ``job`` the changes of its run: a receiver of ``job_end`` gets this instance.
    """
    if (values := message["outcome"]) is None:
        return None
    job_id, epoch, worker_id = identity
    values |= {"job_id": job_id, "epoch": epoch, "worker_id": worker_id}
    if (failure := values["failure"]) is not None:
        values["failure"] = Failure(**failure)
    for name in _WAITS:
        values[name] = codec.decode(values[name], name)
    values["status"] = JobStatus(values["status"])
    outcome = Outcome(**values)
    if outcome.data is not None:
        job.data = json.loads(outcome.data)
    if (moments := message["moments"]) is not None:
        job.started, job.completed = codec.decode(moments, "moments")
    return outcome


def from_stop_request(reason: JobInterrupted, identity: Identity) -> dict[str, Any]:
    kind = next(name for name, each in _STOP_REQUESTS.items() if isinstance(reason, each))
    return {"stop": kind, "text": str(reason), "identity": identity}


def to_stop_request(message: dict[str, Any]) -> tuple[JobInterrupted, Identity]:
    job_id, epoch, worker_id = message["identity"]
    return _STOP_REQUESTS[message["stop"]](message["text"]), (job_id, epoch, worker_id)
