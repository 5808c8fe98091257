"""One attempt of one job, as named steps; what it came to is a value."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import cache, partial
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, transaction

from pgjobs import codec, events
from pgjobs.choices import JobStatus
from pgjobs.conf import get_settings
from pgjobs.exceptions import JobInterrupted, NotSerializable, StaleJob, UnknownJobClass
from pgjobs.execution.running_job import RunningJob
from pgjobs.execution.verdict import verdict
from pgjobs.registry.job_class import JobClass
from pgjobs.registry.names import JobTarget, resolve
from pgjobs.registry.targets import is_job_class, options_of
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.statements import record
from pgjobs.rows.text import storable
from pgjobs.signals import job_start

RunCoroutine = Callable[[Coroutine[Any, Any, Any]], Any]


def execute(
    job: RunningJob,
    *,
    run_coroutine: RunCoroutine = asyncio.run,
    exits: Callable[[BaseException], None] = lambda error: None,
) -> Outcome | None:
    """Run ``job`` and say what came of it.

    None means that ``run()`` recorded the end itself, by ``job.terminate()``. ``exits`` is
    told of an exception that is meant for the process: a job may end itself, not its worker.
    """
    events.tell(events.JobStarted(job))
    began = time.monotonic()
    try:
        target = resolve(job.job_class)
        if options_of(target).atomic:
            outcome = _complete_atomically(target, job, began)
        else:
            outcome = _completed(job, _call(target, job, run_coroutine), began)
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            exits(error)
        outcome = replace(_judged(error, job), began=began, ended=time.monotonic())
    return None if job.is_terminated else outcome


def is_all_coroutine(job: RunningJob) -> bool:
    """Say whether an event loop can run ``job`` from beginning to end, by `execute_coroutine`.

    Not if anything around the coroutine may wait for the database: all others would wait too.
    """
    try:
        if not _is_coroutine_function(resolve(job.job_class)):
            return False
        asks = job.is_last_chance or codec.names_model(job.args) or codec.names_model(job.kwargs)
    except (UnknownJobClass, RecursionError):
        return False
    return not (asks or job_start.receivers)


@cache
def _is_coroutine_function(target: JobTarget) -> bool:
    if not is_job_class(target):
        return inspect.iscoroutinefunction(target)
    is_plain = target.__init__ is JobClass.__init__
    return is_plain and inspect.iscoroutinefunction(target.run)


async def execute_coroutine(
    job: RunningJob, supervised: Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]
) -> Outcome | None:
    """Do the same as `execute` for a job that `is_all_coroutine`, on the running event loop."""
    events.tell(events.JobStarted(job))
    began = time.monotonic()
    try:
        result = await supervised(_called(resolve(job.job_class), job))
        outcome = _completed(job, result, began)
    except BaseException as error:
        outcome = replace(_judged(error, job), began=began, ended=time.monotonic())
    return None if job.is_terminated else outcome


def _call(target: JobTarget, job: RunningJob, run_coroutine: RunCoroutine) -> Any:
    result = _called(target, job)
    return run_coroutine(result) if inspect.iscoroutine(result) else result


def _called(target: JobTarget, job: RunningJob) -> Any:
    args, kwargs = codec.decode(job.args), codec.decode(job.kwargs)
    run = target(job).run if is_job_class(target) else partial(target, job=job)
    return run(*args, **kwargs)


def _complete_atomically(target: JobTarget, job: RunningJob, began: float) -> Outcome:
    """Commit the work and its completion together, or neither.

    The epoch guards the row: if it has moved on, another run owns the job, and
    everything that this one did is rolled back.
    """
    alias = job._state.db
    with transaction.atomic(using=alias):
        outcome = _completed(job, _call(target, job, asyncio.run), began)
        if not job.is_terminated:
            with connections[alias].cursor() as cursor:
                row = record(cursor, [outcome], moments=True).get(job.id)
            if row is None:
                raise StaleJob(f"job {job.id} is not held by epoch {job.epoch} any more")
            job.started, job.completed = row.started, row.completed
    return replace(outcome, is_recorded=True, ended=time.monotonic())


def _completed(job: RunningJob, result: Any, began: float) -> Outcome:
    return Outcome(
        job_id=job.id,
        epoch=job.epoch,
        worker_id=job.worker_id,
        status=JobStatus.COMPLETED,
        error=job.error,
        data=data_as_json(job),
        result=_result(job, result),
        began=began,
        ended=time.monotonic(),
    )


def _judged(error: BaseException, job: RunningJob) -> Outcome:
    outcome = verdict(error, job)
    try:
        return replace(outcome, data=data_as_json(job))
    except JobInterrupted:
        raise
    except Exception:  # what ended the job, or else hidden by it
        return outcome


_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def data_as_json(job: RunningJob) -> str | None:
    """Return ``job.data`` as JSON text, dates as strings: it is for people, not for decoding."""
    if job.data is None:
        return None
    text = json.dumps(job.data, cls=DjangoJSONEncoder, allow_nan=False, ensure_ascii=False)
    if _ESCAPED_NUL.search(text):
        raise NotSerializable("job.data holds a NUL character, which PostgreSQL can't store.")
    if storable(text) != text:
        raise NotSerializable("job.data holds a lone surrogate, which is not text.")
    return text


def _result(job: RunningJob, value: Any) -> str | None:
    if value is None:
        return None
    try:
        text = json.dumps(codec.encode(value, "The return value of run()"))
        if len(text) > get_settings().MAX_RESULT_SIZE:
            raise NotSerializable(f"The return value of run() has {len(text)} bytes as JSON.")
    except (NotSerializable, RecursionError) as error:
        # NetBox ignores what run() returns, so jobs that moved over may return anything.
        job.say(logging.WARNING, f"Not kept as the job's result: {error}")
        return None
    return text
