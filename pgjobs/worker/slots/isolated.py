"""Isolated jobs: the slot lends its job to a process, and judges the death of the process."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from functools import partial
from logging import ERROR, WARNING
from typing import Final

from pgjobs import events
from pgjobs.choices import JobIsolation, JobStatus
from pgjobs.exceptions import JobProcessDied, UnknownJobClass
from pgjobs.execution.judging import give_up, judge_anything, say
from pgjobs.execution.lost import forbids_repeats, why_given_up
from pgjobs.models import Job
from pgjobs.registry.names import registered, resolve
from pgjobs.registry.targets import options_of
from pgjobs.rows.failure import Failure
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.job_processes.crew import Crew
from pgjobs.worker.job_processes.forking import NotForked
from pgjobs.worker.job_processes.job_process import Death
from pgjobs.worker.slots.last_chance import Steps
from pgjobs.worker.slots.preparing import give_back
from pgjobs.worker.slots.stoppable import Stoppable

_TRIES: Final = 3
"""Processes that may die before they begin with a job, until the job goes back to its queue."""


class Isolation:
    """Decides where jobs run, and runs the jobs that have a process."""

    def __init__(self, crew: Crew | None, default: str) -> None:
        """Without a ``crew`` all jobs run in threads."""
        self.crew = crew
        self._default = default

    def prepare(self) -> None:
        """Load the project for isolated jobs, if there are any, before the first one comes."""
        kinds = {options_of(target).isolation or self._default for target in registered().values()}
        if self.crew is not None and kinds - {JobIsolation.THREAD}:
            self.crew.start()

    def steps_for(self, job: Job) -> Steps | None:
        """Return the steps for an isolated ``job``; None if it is to run in a thread."""
        if self.crew is None:
            return None
        try:
            isolation = options_of(resolve(job.job_class)).isolation or self._default
        except UnknownJobClass:
            return None  # a thread tells it to the job
        if isolation == JobIsolation.THREAD:
            return None
        return partial(attempt_isolated, crew=self.crew, isolation=isolation)


async def attempt_isolated(
    job: Job, slot: Stoppable, *, crew: Crew, isolation: str
) -> Outcome | None:
    """Run ``job`` in a process of ``crew``.

    Return None if ``job.terminate()`` has recorded its outcome, if the row has moved on, or if the
    worker is ending: then it has released the job, and has killed the process.
    """
    began = time.monotonic()
    fresh = isolation == JobIsolation.FRESH_PROCESS
    slot.begin(job, waits=True)
    try:
        outcome = _run(job, slot, crew, fresh=fresh)
    except OSError as error:  # no process, no memory or no descriptor
        outcome = give_back(job, error, is_ending=crew.is_ending)
    except Exception as error:  # its row holds a value that no message can hold
        outcome = judge_anything(error, job, slot)
        say(job, outcome)
    finally:
        slot.finish()
    if outcome is None:
        return None
    return _with_own_moments(outcome, began, time.monotonic())


def _with_own_moments(outcome: Outcome, first: float, last: float) -> Outcome:
    """Return ``outcome`` with moments of this process in the place of those that can't be right.

    The clocks of the two processes are the same, unless the job has put another one in its place.
    By such a clock PostgreSQL could refuse the outcome, and the worker could mistake its pace.
    """
    ended = outcome.ended if first <= outcome.ended <= last else last
    began = outcome.began if first <= outcome.began <= ended else first
    return replace(outcome, began=began, ended=ended)


def _run(job: Job, slot: Stoppable, crew: Crew, *, fresh: bool) -> Outcome | None:
    """Lend ``job`` to a process, and to another one if the first dies before it begins."""
    limit = options_of(resolve(job.job_class)).memory_limit
    for _ in range(_TRIES):
        process = crew.borrow(fresh=fresh, memory_limit=limit)
        try:
            if limit is not None and process.memory() > limit:
                return _too_small(limit, process.memory(), job, slot)
            process.identity = slot.identity
            slot.lend(process, memory_limit=limit)
            if slot.stop_request is not None:  # it came while there was no process
                return give_up(job, slot.stop_request, began=slot.since)
            end = process.run(job, job.note)
        except BaseException:
            process.discard()  # it may be in the middle of the job
            raise
        finally:
            slot.take_back()
            crew.give_back(process)
        if crew.is_ending and isinstance(end, Death):
            return None
        if not isinstance(end, Death):
            return end
        if end.has_begun or end.reason or slot.stop_request is not None:
            return _outcome_of_death(end, job, slot)
    raise NotForked(f"{_TRIES} processes died before they began with the job.")


def _too_small(limit: int, memory: float, job: Job, slot: Stoppable) -> Outcome:
    why = (
        f"Meta.memory_limit of {limit} MiB is less than the {memory:.0f} MiB that a process has "
        "before its job begins."
    )
    outcome = judge_anything(JobProcessDied(why), job, slot)
    say(job, outcome)
    return outcome


def _outcome_of_death(death: Death, job: Job, slot: Stoppable) -> Outcome:
    if (told := slot.stop_request) is not None:
        return give_up(job, type(told)(f"{told} {_how(death)}"), began=slot.since)
    if death.code == -signal.SIGKILL and not death.reason:
        return _outcome_of_kill(death, job)
    outcome = judge_anything(JobProcessDied(_how(death)), job, slot)
    say(job, outcome)
    return outcome


def _outcome_of_kill(death: Death, job: Job) -> Outcome:
    """Take a kill from outside for an interruption, as the death of a worker is one."""
    events.tell(events.JobProcessLost(job))
    how = _how(death)
    why = why_given_up(
        "process",
        job.interruptions + 1,
        must_not_repeat=bool(forbids_repeats(job.job_class)),
    )
    if why is None:
        job.say(WARNING, how)
        return Outcome.interrupted(job.id, job.epoch, job.worker_id)
    error = JobProcessDied(f"{why} {how}")
    outcome = Outcome(
        job_id=job.id,
        epoch=job.epoch,
        worker_id=job.worker_id,
        status=JobStatus.ERRORED,
        interruptions=1,
        error=str(error),
        failure=Failure.of(error),
        lines=((ERROR, str(error)),),
        cause=error,
    )
    say(job, outcome)
    return outcome


def _how(death: Death) -> str:
    if death.reason:
        how = f"The job's process was killed, because {death.reason}."
    elif death.code < 0:
        how = f"The job's process died of {_name_of(-death.code)}."
        if death.code == -signal.SIGKILL:
            how += " Was there enough memory?"
    else:
        how = f"The job's process ended with exit code {death.code} before the job did."
    return f"{how} Its last lines on standard error:\n{death.errors}" if death.errors else how


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
