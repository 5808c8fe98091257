"""The outcome of a job that lost the worker or the process that ran it."""

from __future__ import annotations

from dataclasses import replace

from pgjobs.choices import JobStatus
from pgjobs.conf import get_settings
from pgjobs.exceptions import UnknownJobClass, WorkerLost
from pgjobs.registry.names import resolve
from pgjobs.registry.targets import options_of
from pgjobs.rows.failure import Failure, qualified_name
from pgjobs.rows.outcome import Outcome


def outcome_of_lost(
    job_id: int, epoch: int, *, must_not_repeat: bool, times: int, uncounted: int
) -> Outcome:
    """Send the job back to its queue, or give it up if it must not repeat or was lost too often.

    ``times`` says how often it was lost, and ``uncounted`` how many of these interruptions its row
    does not count yet.
    """
    why = why_given_up("worker", times, must_not_repeat=must_not_repeat)
    if why is not None:
        return given_up(job_id, epoch, why, interruptions=uncounted)
    return replace(Outcome.interrupted(job_id, epoch), interruptions=uncounted)


def why_given_up(lost: str, times: int, *, must_not_repeat: bool) -> str | None:
    """Return why a job that lost its worker or its process must not run again, or None."""
    if must_not_repeat:
        return f"The job lost its {lost}, and its class says that it must not be repeated."
    if times < get_settings().MAX_INTERRUPTIONS:
        return None
    return f"The job lost its {lost} {times} times; it may be what kills it."


def given_up(job: int, epoch: int, why: str, *, interruptions: int = 0) -> Outcome:
    """Return the outcome that ends a job as errored.

    Its failure becomes an entry of the job's ``errors``, with the worker and the start that the row
    names.
    """
    return Outcome(
        job_id=job,
        epoch=epoch,
        status=JobStatus.ERRORED,
        interruptions=interruptions,
        error=why,
        failure=Failure(exception=qualified_name(WorkerLost()), message=why, traceback=""),
    )


def forbids_repeats(job_class: str) -> bool | None:
    """Return whether jobs of ``job_class`` must not run twice; None if this code lacks the class.

    Workers with newer code, or of another project, may know it.
    """
    try:
        return options_of(resolve(job_class)).on_interrupt == "error"
    except UnknownJobClass:
        return None
