"""The verdict on an attempt that did not complete, and the reasons that overrule it."""

from __future__ import annotations

import time
from dataclasses import replace

from pgjobs import events
from pgjobs.choices import JobStatus
from pgjobs.exceptions import JobInterrupted, Retry, TransactionLeftOpen
from pgjobs.execution.result import data_as_json
from pgjobs.execution.runner import Runner
from pgjobs.execution.running_job import RunningJob
from pgjobs.execution.verdict import judge, leaves_of
from pgjobs.rows.failure import qualified_name
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.text import is_cut


def give_up(job: RunningJob, error: JobInterrupted, *, began: float) -> Outcome:
    """Return the outcome of ``job``, which still runs and must end with its process.

    ``error`` is the reason.
    """
    outcome = replace(judge(error, job, stop_request=error), began=began)
    say(job, outcome)
    return outcome


def _judge(error: BaseException, job: RunningJob, runner: Runner) -> Outcome:
    runner.note_error(error)
    for leaf in leaves_of(error):
        if isinstance(leaf, (KeyboardInterrupt, SystemExit)):
            runner.note_exit(leaf)
    return judge(error, job, stop_request=runner.stop_request)


def judge_anything(error: BaseException, job: RunningJob, runner: Runner) -> Outcome:
    """Judge ``error``, or end the job as errored if ``run()`` has left nothing that can be judged.

    An exception from here would end the worker, and the job would do the same to the next one.
    """
    try:
        return _judge(error, job, runner)
    except BaseException as worse:
        if isinstance(worse, (KeyboardInterrupt, SystemExit)):
            runner.note_exit(worse)
        return Outcome(
            job_id=job.id,
            epoch=job.epoch,
            worker_id=job.worker_id,
            status=JobStatus.ERRORED,
            error=f"The end of run() can't be judged: {type(worse).__name__}",
        )


def judge_with_data(error: BaseException, job: RunningJob, runner: Runner, began: float) -> Outcome:
    """Judge ``error`` of ``run()``, and keep ``job.data`` if it can be stored."""
    outcome = replace(_judge(error, job, runner), began=began)
    try:
        data, lines = data_as_json(job)
        return replace(outcome, data=data, lines=outcome.lines + lines, ended=time.monotonic())
    except JobInterrupted:
        raise
    except Exception:  # job.data can't be stored; its exception would hide the one of run()
        return replace(outcome, ended=time.monotonic())


def with_real_reason(
    outcome: Outcome, stop_request: JobInterrupted, job: RunningJob, runner: Runner
) -> Outcome:
    """Blame ``stop_request`` rather than an exception that it caused, such as a cancelled query."""
    if (failure := outcome.failure) is None or failure.exception == qualified_name(stop_request):
        return outcome
    return _overruled(outcome, stop_request, job, runner)


def without_undone_work(outcome: Outcome, job: RunningJob, runner: Runner) -> Outcome:
    """Don't call a job completed if its writes are lost with the transaction that it left open."""
    if outcome.is_recorded or outcome.status != JobStatus.COMPLETED:
        return outcome
    return _overruled(outcome, TransactionLeftOpen(), job, runner)


def _overruled(outcome: Outcome, error: BaseException, job: RunningJob, runner: Runner) -> Outcome:
    overruling = judge_anything(error, job, runner)
    return replace(
        overruling,
        data=outcome.data,
        began=outcome.began,
        ended=outcome.ended,
        lines=outcome.lines + overruling.lines,
    )


def say(job: RunningJob, outcome: Outcome) -> None:
    """Write the lines of ``outcome`` to the log of the job, and tell of its exception."""
    for level, text in outcome.lines:
        job.say(level, text)
    if (cause := outcome.cause) is not None:
        outcome.cause = None  # its frames would keep the values of run() until the row is written
        if not job.is_terminated:
            _tell(cause, job, outcome)


def _tell(cause: BaseException, job: RunningJob, outcome: Outcome) -> None:
    """Tell of the exception that ended the attempt.

    If the job asked for another attempt by Retry and none is left, this is no error of the code.
    """
    told = outcome.failure.traceback if outcome.failure else ""
    cut = told if is_cut(told) else ""
    asked = all(isinstance(leaf, Retry) for leaf in leaves_of(cause))
    if outcome.status == JobStatus.ERRORED and not asked:
        events.tell(events.JobErrored(job, cause, cut))
    else:
        events.tell(events.AttemptErrored(job, outcome.status, cause, cut))
