"""The keys of ``top`` that steer: each asks first, and does as the footer says."""

from __future__ import annotations

import pytest

from pgjobs.choices import JobStatus
from pgjobs.models import Job, Pause
from tests.apps.testapp.jobs import Noop, Raising
from tests.cli.top.driver import Drive, Driver
from tests.support.rows import a_job

pytestmark = pytest.mark.django_db(transaction=True)


def status(job: Job) -> str:
    return str(Job.objects.values_list("status", flat=True).get(pk=job.pk))


def test_p_pauses_the_queue_and_resumes_it(drive: Drive) -> None:
    a_job(queue_name="low")

    async def script(driver: Driver) -> None:
        await driver.until_shown("low ", "p pause")
        await driver.press("c", "r", "p")
        await driver.pilot.pause()
        await driver.press("n")
        await driver.until_shown("Nothing was changed.")
        await driver.order("p", "Pause the queue low? No worker claims from it")
        await driver.until_shown("low is paused.", " paused")
        assert Pause.objects.get().name == "low"
        await driver.order("p", "Resume the queue low?")
        await driver.until_shown("low is resumed.", "no worker")
        assert not Pause.objects.exists()

    drive(script)


def test_c_cancels_and_r_retries_the_chosen_job(drive: Drive) -> None:
    job = Noop.enqueue()

    async def script(driver: Driver) -> None:
        await driver.press("4")
        await driver.until_shown("pending", "c cancel", "r retry")
        await driver.press("r")
        await driver.until_shown(f"Job {job.pk} has not finished: it is pending.")
        await driver.order("c", f"Cancel job {job.pk}, Noop? It will not run.")
        await driver.until_shown(f"The cancellation of job {job.pk} is ordered.", "cancelled")
        assert status(job) == JobStatus.CANCELLED
        await driver.press("c")
        await driver.until_shown(f"Job {job.pk} has finished: it is cancelled.")
        await driver.order("r", f"Retry job {job.pk}, Noop? It becomes pending again")
        await driver.until_shown(f"Job {job.pk} is pending again.")
        assert status(job) == JobStatus.PENDING

    drive(script)


def test_r_retries_all_failures_of_one_kind_and_no_other(drive: Drive) -> None:
    alike = [
        a_job("errored", job_class=Raising.path, error=f"ValueError: [b]oom\nline {number}")
        for number in range(3)
    ]
    other = a_job("errored", job_class=Raising.path, error="ValueError: [b]oom and more")
    Job.objects.filter(pk=other.pk).update(completed=other.started)

    async def script(driver: Driver) -> None:
        await driver.press("5")
        await driver.until_shown("ValueError: [b]oom", "Raising")
        await driver.order("r", "Retry 3 jobs of Raising that errored with ValueError: [b]oom?")
        await driver.until_shown("3 of 3 jobs are pending again.")
        assert {status(job) for job in alike} == {JobStatus.PENDING}
        assert status(other) == JobStatus.ERRORED

    drive(script)


def test_what_is_refused_is_said_on_the_screen(drive: Drive) -> None:
    a_job(queue_name="nobody's")
    job = a_job()

    async def script(driver: Driver) -> None:
        await driver.until_shown("nobody's")
        await driver.order("p", "Pause the queue nobody's?")
        await driver.until_shown("Refused: ")
        await driver.press("4")
        await driver.until_shown(str(job.pk))
        Job.objects.all().delete()
        await driver.order("c", f"Cancel job {job.pk}")
        await driver.until_shown("was not cancelled: it has finished or is gone.")

    drive(script)
