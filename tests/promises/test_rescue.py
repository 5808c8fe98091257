"""Jobs of a worker that dies, or is taken for dead."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from pgjobs import events
from pgjobs.models import Job, WorkerProcess
from tests.apps.testapp.jobs import Held, KillsItsWorker, Tracing
from tests.support import traces
from tests.support.elsewhere import in_another_process
from tests.support.environment import Environment, with_settings
from tests.support.eventually import GIVEN_UP, eventually
from tests.support.job_status import has_status, until_status
from tests.support.worker_process import NERVOUS, RunningWorker, SupervisedWorker, until_next_beat


def rescues(*workers: RunningWorker) -> int:
    return sum(len(worker.told(events.JobTakenBack)) for worker in workers)


def test_a_killed_workers_job_is_rescued_once_and_completes_elsewhere(
    child_environment: Environment,
) -> None:
    job = Held.enqueue()
    with RunningWorker(child_environment) as victim:
        traces.until("started", 1)
        assert victim.pid
        with (
            RunningWorker(child_environment).until_started() as first,
            RunningWorker(child_environment).until_started() as second,
        ):
            victim.kill()
            traces.until("started", 2)
            traces.release()
            until_status(job, "completed")
            assert rescues(first, second) == 1
    job.refresh_from_db()
    assert (job.attempt, job.interruptions, job.epoch, job.errors) == (1, 1, 2, [])
    assert WorkerProcess.objects.get(pid=victim.pid).stopped is not None
    assert traces.labels() == ["started", "started", "release", "ended"]


def test_the_chain_of_a_recurring_job_whose_worker_was_killed_goes_on(
    child_environment: Environment,
) -> None:
    job = Held.enqueue(interval=60)
    with RunningWorker(child_environment) as victim:
        traces.until("started", 1)
        victim.kill()
    with RunningWorker(child_environment):
        traces.until("started", 2)
        assert Job.objects.count() == 1  # the interrupted attempt left no successor
        traces.release()
        until_status(job, "completed")
    successor = Job.objects.exclude(pk=job.pk).get()
    assert (successor.status, successor.interval) == ("scheduled", 60)
    assert (successor.attempt, successor.interruptions) == (0, 0)


def test_a_paused_worker_loses_its_job_and_goes_on_as_a_new_one(
    child_environment: Environment,
) -> None:
    environment = with_settings(child_environment, **NERVOUS)
    job = Held.enqueue()
    with RunningWorker(environment) as paused:
        traces.until("started", 1)
        with RunningWorker(environment).until_started() as other:
            paused.pause()
            traces.until("started", 2)
            traces.release()
            until_status(job, "completed")
            assert other.stop() == 0
        job.refresh_from_db()
        paused.resume()
        paused.until_told(events.WorkerTakenForDead)
        identities = WorkerProcess.objects.filter(pid=paused.pid).order_by("id")
        eventually(lambda: identities.count() == 2)
        old, new = identities.values_list("id", "stopped")
        assert old[1] is not None
        assert new[1] is None
        later = Tracing.enqueue()
        until_status(later, "completed")
        assert Job.objects.get(pk=later.pk).worker_id == new[0]
    after = Job.objects.get(pk=job.pk)
    assert (after.epoch, after.completed) == (2, job.completed)
    assert after.worker_id not in (old[0], new[0])


def test_a_paused_workers_outcome_is_refused(child_environment: Environment) -> None:
    environment = with_settings(child_environment, **NERVOUS)
    job = Held.enqueue()
    with RunningWorker(environment) as paused:
        traces.until("started", 1)
        with RunningWorker(environment).until_started():
            paused.pause()
            traces.until("started", 2)
            eventually(lambda: Job.objects.filter(pk=job.pk, epoch=2, status="running").exists())
            # It holds up no job, and shows that a worker claims.
            rival = Held.enqueue(queue_name="low")
            paused.resume()
            paused.until_told(events.WorkerTakenForDead)
            traces.release()
            eventually(lambda: has_status(job, "completed") and has_status(rival, "completed"))
            paused.until_told(events.OutcomeStale, job=job.pk)


def test_a_job_that_kills_its_workers_is_given_up_and_the_next_job_runs(
    child_environment: Environment,
) -> None:
    environment = with_settings(child_environment, MAX_INTERRUPTIONS=2)
    job = KillsItsWorker.enqueue(max_attempts=10)
    with SupervisedWorker(environment) as worker:
        until_status(job, "errored", timeout=GIVEN_UP)
        after = Tracing.enqueue()
        until_status(after, "completed")
        assert worker.process.poll() is None
    job.refresh_from_db()
    assert (job.epoch, job.interruptions) == (2, 2)
    assert "lost its worker 2 times" in job.error


RUN_IMMEDIATELY = "Held.enqueue(immediate=True)"


def test_an_immediate_job_is_given_up_only_when_its_process_has_died(
    child_environment: Environment,
) -> None:
    with in_another_process(child_environment, RUN_IMMEDIATELY) as living:
        traces.until("started", 1)
        lives = Job.objects.get()
        with in_another_process(child_environment, RUN_IMMEDIATELY) as dying:
            traces.until("started", 2)
            dies = Job.objects.exclude(pk=lives.pk).get()
            dying.kill()
        # Past the first ten seconds, in which a job may not have taken its lock yet.
        Job.objects.update(started=Now() - timedelta(minutes=1))
        with RunningWorker(child_environment):
            until_status(dies, "errored")
        assert has_status(lives, "running")
        traces.release()
        assert living.wait(10) == 0
    assert has_status(lives, "completed")
    dies.refresh_from_db()
    assert dies.error == "The process that ran this job immediately has died."


def test_a_locked_job_delays_only_its_own_rescue(
    child_environment: Environment,
) -> None:
    environment = with_settings(child_environment, **NERVOUS)
    locked, free = Held.enqueue(), Held.enqueue()
    with RunningWorker(environment) as victim:
        traces.until("started", 2)
        victim.kill()
    traces.release()
    with transaction.atomic(), RunningWorker(environment) as rescuer:
        Job.objects.select_for_update().get(pk=locked.pk)
        until_status(free, "completed")
        for _ in range(2):  # the rescuer goes on beating
            until_next_beat(WorkerProcess.objects.get(pid=rescuer.pid))
    with RunningWorker(environment):
        until_status(locked, "completed")
