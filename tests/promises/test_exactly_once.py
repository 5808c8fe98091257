"""Many processes at once: one live job, and one run of each job."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack

from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop, Tracing
from tests.apps.testapp.models import Site, Trace
from tests.support.elsewhere import in_another_process
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.sql import query
from tests.support.worker_process import RunningWorker

ENQUEUE = """
import os
rules, times = {rules!r}, {times}
from django.db import connection
from tests.apps.testapp.models import Site
site = Site.objects.get()
connection.cursor().execute("SELECT pg_advisory_lock_shared({START})")
jobs = {{Noop.enqueue_once(site, **rules[turn % len(rules)]).pk for turn in range(times)}}
# One write for each process: print() makes several of its text where output is not buffered.
os.write(1, "".join(f"{{job}}\\n" for job in jobs).encode())
"""
START = 20_000
"""The advisory lock for which the processes wait, so that all of them begin at once."""


def enqueue_from_processes(
    environment: Environment, *rules: dict[str, int], processes: int, times: int
) -> set[int]:
    """Call ``enqueue_once`` at the same time from many processes; return the jobs that they got."""
    code = ENQUEUE.format(rules=rules, times=times, START=START)
    with tempfile.TemporaryFile() as output, ExitStack() as stack:
        query(f"SELECT pg_advisory_lock({START})")
        try:
            started = [
                stack.enter_context(in_another_process(environment, code, output.fileno()))
                for _ in range(processes)
            ]
            eventually(lambda: waiting() == processes, timeout=60)
        finally:
            query(f"SELECT pg_advisory_unlock({START})")
        ended = [process.wait(60) for process in started]
        said = os.pread(output.fileno(), 1 << 20, 0).decode()
    assert ended == [0] * processes, said
    return {int(job) for job in said.split()}


def waiting() -> int:
    (row,) = query(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database "
        "WHERE locktype = 'advisory' AND NOT granted AND datname = current_database() "
        "AND objid = %s",
        START,
    )
    return int(row["count"])


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
