"""One attempt of one job: its steps, and the outcome that they come to."""

from __future__ import annotations

import os
import time
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

from pgjobs import codec, events, tracing
from pgjobs.choices import JobStatus
from pgjobs.execution import current
from pgjobs.execution.atomic import complete_atomically
from pgjobs.execution.awaiting import coroutine_in
from pgjobs.execution.forks import end_if_forked
from pgjobs.execution.judging import (
    judge_anything,
    judge_with_data,
    say,
    with_real_reason,
    without_undone_work,
)
from pgjobs.execution.result import data_as_json, result_as_json
from pgjobs.execution.runner import Runner
from pgjobs.execution.running_job import RunningJob
from pgjobs.registry.names import JobTarget, resolve
from pgjobs.registry.parameters import parameters_of
from pgjobs.registry.targets import is_job_class, options_of
from pgjobs.rows.failure import as_error
from pgjobs.rows.outcome import Outcome

T = TypeVar("T")

_IDENTITY: Final = ("id", "epoch", "worker_id")
"""The columns by which an outcome finds its row."""


def attempt(job: RunningJob, runner: Runner) -> Coroutine[Any, Any, Outcome | None]:
    """Run ``job`` once and return its outcome, or None if ``job.terminate()`` has recorded one.

    The same steps serve a thread and an event loop: see `in_thread`.
    """
    steps = _steps(job, runner)
    return _inside_spans(job, steps) if tracing.tracers else steps


async def _inside_spans(
    job: RunningJob, steps: Coroutine[Any, Any, Outcome | None]
) -> Outcome | None:
    """Take ``steps`` inside a span of each tracer.

    The spans begin before a stop request can reach the job and end after, or one could be raised
    inside a tracer.
    """
    spans = tracing.begin_run(job)
    outcome = None
    try:
        outcome = await steps
        return outcome
    finally:
        tracing.end_run(spans, job, outcome)


async def _steps(job: RunningJob, runner: Runner) -> Outcome | None:
    claimed = job.__dict__.copy()
    run = current.begin(job)
    try:
        runner.begin(job)
        _tell_of_start(job, runner)
        began = time.monotonic()
        try:
            target = resolve(job.job_class)
            if options_of(target).atomic:
                outcome = _complete_atomically(target, job, began, claimed)
            else:
                result = _call(target, job)
                while result is not None and (coroutine := coroutine_in(result)) is not None:
                    result = await runner.wait_for(coroutine)
                outcome = _complete(job, result, began, claimed)
        except BaseException as error:
            _restore(job, claimed)
            outcome = judge_with_data(error, job, runner, began)
        runner.finish()
    except BaseException as error:  # a stop request just before or after the job itself ran
        runner.finish()
        _restore(job, claimed)
        outcome = judge_anything(error, job, runner)
    run.end()
    if runner.stop_request is not None:
        outcome = with_real_reason(outcome, runner.stop_request, job, runner)
    if runner.has_left_transaction_open(outcome):
        outcome = without_undone_work(outcome, job, runner)
    if outcome.lines:
        say(job, outcome)
    return _terminated(job, outcome) if job.is_terminated else outcome


def in_thread(steps: Coroutine[Any, Any, T]) -> T:
    """Take ``steps`` to their end and return their result.

    In a thread no step suspends: where the event loop would await, the thread waits. So one
    ``send()`` is enough.
    """
    try:
        steps.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("A step of the attempt suspended in a thread.")


def _tell_of_start(job: RunningJob, runner: Runner) -> None:
    """Tell that ``run()`` begins; raise a stop request that a receiver of ``job_start`` has caught.

    It is not raised a second time, so ``run()`` would never learn of it.
    """
    events.tell(events.JobStarted(job))
    if runner.stop_request is not None:
        raise runner.stop_request


def _terminated(job: RunningJob, outcome: Outcome) -> Outcome | None:
    """Return what is left to record of an end by ``job.terminate()``.

    That is the end itself if it was undone with its transaction.
    """
    if job.unsure_end is None:
        return None
    return replace(job.unsure_end, began=outcome.began, ended=outcome.ended)


def _call(target: JobTarget, job: RunningJob) -> Any:
    args, kwargs = codec.decode(job.args, "args"), codec.decode(job.kwargs, "kwargs")
    run = target(job).run if is_job_class(target) else _with_row(target, job)
    process = os.getpid()
    try:
        result = run(*args, **kwargs)
    except BaseException as error:
        end_if_forked(process, error)
        raise
    end_if_forked(process)
    return result


def _with_row(function: JobTarget, job: RunningJob) -> JobTarget:
    return partial(function, job=job) if parameters_of(function).takes_job else function


def _restore(job: RunningJob, claimed: dict[str, Any]) -> None:
    """Let ``job`` name its row again, whatever ``run()`` has done to the instance.

    ``delete()`` takes the key from an instance, and another key makes it a copy. The worker reads
    other attributes too, such as the user, so an attribute that is gone comes back.
    """
    values = job.__dict__
    if not values.keys() >= claimed.keys():
        values.update({**claimed, **values})
    values.update({name: claimed[name] for name in _IDENTITY})


def _complete_atomically(
    target: JobTarget, job: RunningJob, began: float, claimed: dict[str, Any]
) -> Outcome:
    complete = partial(_complete, job, began=began, claimed=claimed)
    return complete_atomically(job, partial(_call, target, job), complete)


def _complete(job: RunningJob, value: Any, began: float, claimed: dict[str, Any]) -> Outcome:
    _restore(job, claimed)
    result, lines = (None, ()) if value is None else result_as_json(value)
    data, data_lines = data_as_json(job)
    return Outcome(
        job_id=job.id,
        epoch=job.epoch,
        worker_id=job.worker_id,
        status=JobStatus.COMPLETED,
        error=as_error(job.error),
        data=data,
        result=result,
        lines=lines + data_lines,
        began=began,
        ended=time.monotonic(),
    )
