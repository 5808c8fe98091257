"""Many processes at once: one live job, and one run of each job."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack

from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop, Tracing
from tests.apps.testapp.models import Site, Trace
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.worker_process import RunningWorker

ENQUEUE = """
import sys, django
django.setup()
from tests.apps.testapp.jobs import Noop
from tests.apps.testapp.models import Site
rules = eval(sys.argv[1])
site = Site.objects.get()
print("ready", flush=True)
sys.stdin.readline()
jobs = [Noop.enqueue_once(site, **rules[turn % len(rules)]).pk for turn in range(int(sys.argv[2]))]
print(*sorted(set(jobs)))
"""


def enqueue_from_processes(
    environment: Environment, *rules: dict[str, int], processes: int, times: int
) -> set[int]:
    """Call ``enqueue_once`` at the same time from many processes; return the jobs that they got."""
    arguments = [sys.executable, "-c", ENQUEUE, repr(rules), str(times)]
    started = [
        subprocess.Popen(
            arguments,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    seen: set[int] = set()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in started:
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        seen |= {int(job) for job in output.split()}
    return seen


def test_8_processes_that_enqueue_once_200_times_make_one_job(
    child_environment: Environment,
) -> None:
    site = Site.objects.create(name="one")
    beside = Noop.enqueue(site)
    seen = enqueue_from_processes(child_environment, {}, processes=8, times=200)
    job = Job.objects.exclude(pk=beside.pk).get()
    assert seen == {job.pk}
    assert (job.status, job.object) == ("pending", site)


def test_processes_that_enqueue_once_by_different_rules_leave_one_job_and_none_fails(
    child_environment: Environment,
) -> None:
    Site.objects.create(name="one")
    rules: list[dict[str, int]] = [{"interval": 5}, {"interval": 7}, {}]
    seen = enqueue_from_processes(child_environment, *rules, processes=6, times=60)
    job = Job.objects.get()
    assert job.interval in (5, 7, None)
    assert job.pk in seen


def test_4_workers_run_each_of_2000_jobs_once(child_environment: Environment) -> None:
    with ExitStack() as stack:
        workers = [stack.enter_context(RunningWorker(child_environment)) for _ in range(4)]
        for worker in workers:  # otherwise the first worker is done before the next has started
            worker.until_started()
        jobs = Tracing.enqueue_many({"label": "once"} for _ in range(2000))
        eventually(lambda: not Job.objects.live().exists(), timeout=60)
        for worker in workers:
            worker.terminate()
        assert [worker.wait(60) for worker in workers] == [0] * 4
    assert list(Trace.objects.order_by("job_id").values_list("job_id", flat=True)) == jobs
    assert Job.objects.filter(status="completed", epoch=1, attempt=1).count() == 2000
    assert Job.objects.values("worker").distinct().count() > 1
