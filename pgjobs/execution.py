"""One attempt of one job, as named steps; what it came to is a value."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import re
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder

from pgjobs import codec, retry
from pgjobs.choices import FINISHED, JobStatus
from pgjobs.exceptions import JobFailed, NotSerializable
from pgjobs.jobs import is_job_class, resolve
from pgjobs.outcomes import Failure, Outcome, shown
from pgjobs.signals import announce, job_start

if TYPE_CHECKING:
    from pgjobs.models import Job

RunCoroutine = Callable[[Coroutine[Any, Any, Any]], Any]


def execute(job: Job, *, run_coroutine: RunCoroutine = asyncio.run) -> Outcome | None:
    """Run ``job`` and say what came of it.

    None means that ``run()`` recorded the end itself, by ``job.terminate()``.
    """
    announce(job_start, job)
    began = time.monotonic()
    try:
        outcome = _completed(job, _call(job, run_coroutine))
    except BaseException as error:  # SystemExit included: a job may end itself, not its worker
        outcome = _after(error, job)
    if job.status in FINISHED:
        return None
    return replace(outcome, began=began, ended=time.monotonic())


def _call(job: Job, run_coroutine: RunCoroutine) -> Any:
    target = resolve(job.job_class)
    args, kwargs = codec.decode(job.args), codec.decode(job.kwargs)
    run = target(job).run if is_job_class(target) else partial(target, job=job)
    result = run(*args, **kwargs)
    return run_coroutine(result) if inspect.iscoroutine(result) else result


def _completed(job: Job, result: Any) -> Outcome:
    return Outcome(
        job_id=job.pk,
        epoch=job.epoch,
        status=JobStatus.COMPLETED,
        error=job.error,
        data=_data(job),
        result=_result(job, result),
    )


def _after(error: BaseException, job: Job) -> Outcome:
    failure = Failure.of(error)
    ended = Outcome(
        job_id=job.pk,
        epoch=job.epoch,
        status=JobStatus.FAILED,
        failure=failure,
        data=_safe_data(job),
    )
    if isinstance(error, JobFailed):
        _log(job, logging.WARNING, failure.message or "The job failed.")
        return replace(ended, error=failure.message or job.error)
    _log(job, logging.ERROR, failure.traceback)
    ended = replace(ended, status=JobStatus.ERRORED, error=shown(error))
    if job.attempt < job.max_attempts:
        return replace(ended, status=JobStatus.SCHEDULED, delay=retry.exponential(job.attempt))
    return ended


def _log(job: Job, level: int, message: str) -> None:
    job.log(logging.LogRecord("pgjobs.jobs", level, __file__, 0, message, None, None))


_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def _data(job: Job) -> str | None:
    """Return ``job.data`` as JSON text, dates as strings: it is for people, not for decoding."""
    if job.data is None:
        return None
    text = json.dumps(job.data, cls=DjangoJSONEncoder, allow_nan=False)
    if _ESCAPED_NUL.search(text):
        raise NotSerializable("job.data holds a NUL character, which PostgreSQL can't store.")
    return text


def _safe_data(job: Job) -> str | None:
    try:
        return _data(job)
    except (TypeError, ValueError):
        return None


def _result(job: Job, value: Any) -> str | None:
    if value is None:
        return None
    try:
        return json.dumps(codec.encode(value, "The return value of run()"))
    except NotSerializable as error:
        # NetBox ignores what run() returns, so jobs that moved over may return anything.
        _log(job, logging.WARNING, f"Not kept as the job's result: {error}")
        return None
