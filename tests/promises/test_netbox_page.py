"""NetBox's page on background tasks, sentence by sentence, with only the imports changed."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from concurrent.futures import wait
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import models
from django.utils import timezone

from pgjobs import BackgroundJob
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from pgjobs.queues import DEFAULT_QUEUES
from tests.support.elsewhere import elsewhere
from tests.support.rows import a_site
from tests.support.sql import job_row

JOBS = """
from pgjobs import BackgroundJob

class MyTestJob(BackgroundJob):
    class Meta:
        name = "My Test Job"

    def run(self, *args, **kwargs):
        obj = self.job.object
        self.job.data = {"object": str(obj)}

class MyHousekeepingJob(BackgroundJob):
    class Meta:
        name = "Housekeeping"

    def run(self, *args, **kwargs):
        pass
"""

PLUGIN = """
from pgjobs.plugins import PluginConfig

class MyPluginConfig(PluginConfig):
    name = 'my_plugin'
    queues = [
        'foo',
        'bar',
    ]

    def ready(self):
        from .jobs import MyHousekeepingJob
        MyHousekeepingJob.setup(interval=60)
"""

VISIT = """if True:
    import json
    import django
    django.setup()
    from my_plugin.jobs import MyHousekeepingJob, MyTestJob
    from pgjobs.jobs.system import system_jobs
    from pgjobs.queues import known_queues
    from tests.apps.testapp.models import Site
    job = MyTestJob.enqueue(Site.objects.create(name="Lund"), queue_name="my_plugin.foo")
    MyTestJob.handle(job)
    (rule,) = system_jobs().values()
    print(json.dumps({
        "job": [job.name, job.status, job.queue_name, job.data],
        "system job": [rule.target.name, rule.interval.total_seconds(), rule.queue_name],
        "queues": known_queues(),
    }))
"""


class MyTestJob(BackgroundJob):
    class Meta:
        name = "My Test Job"

    def run(self, *args: Any, **kwargs: Any) -> None:
        obj = self.job.object
        assert isinstance(obj, models.Model)


class Unnamed(BackgroundJob):
    def run(self, *args: Any, **kwargs: Any) -> None: ...


def shared_columns(job: Job) -> dict[str, Any]:
    """Return the columns that `enqueue` and `enqueue_once` fill alike."""
    return job_row(job.pk, without="id position created once_key")


def test_a_plugin_of_netbox_works_after_changing_its_imports(
    tmp_path: Path, child_environment: dict[str, str]
) -> None:
    plugin = tmp_path / "my_plugin"
    plugin.mkdir()
    (plugin / "jobs.py").write_text(JOBS)
    (plugin / "__init__.py").write_text(PLUGIN)
    environment = {
        **child_environment,
        "PYTHONPATH": f"{child_environment['PYTHONPATH']}:{tmp_path}",
        "EXTRA_APPS": "my_plugin.MyPluginConfig",
    }

    visit = subprocess.run(
        [sys.executable, "-c", VISIT], env=environment, stdout=subprocess.PIPE, check=True
    )

    assert json.loads(visit.stdout) == {
        "job": ["My Test Job", "completed", "my_plugin.foo", {"object": "Lund"}],
        "system job": ["Housekeeping", 3600.0, "low"],
        "queues": ["high", "default", "low", "my_plugin.foo", "my_plugin.bar"],
    }


@pytest.mark.django_db
def test_the_job_finds_the_object_that_it_is_about() -> None:
    job = MyTestJob.enqueue(a_site(), immediate=True)

    assert (job.status, job.name) == ("completed", "My Test Job")


@pytest.mark.django_db
def test_enqueue_passes_all_its_arguments_to_job_enqueue() -> None:
    site = a_site()
    arguments: dict[str, Any] = {
        "schedule_at": timezone.now() + timedelta(days=1),
        "interval": 60,
        "queue_name": "high",
        "notifications": "never",
        "depth": 2,
    }

    by_class = MyTestJob.enqueue(site, **arguments)
    by_model = Job.enqueue(MyTestJob, site, **arguments)

    assert shared_columns(by_class) == shared_columns(by_model)


@pytest.mark.django_db
def test_a_job_has_its_own_name_and_another_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="name 'Another'"):
        MyTestJob.enqueue(name="Another")

    assert MyTestJob.enqueue().name == "My Test Job"


@pytest.mark.django_db
def test_a_job_without_a_name_has_the_name_of_its_class() -> None:
    assert Unnamed.enqueue().name == "Unnamed"


@pytest.mark.django_db
def test_a_job_can_be_scheduled_for_immediate_execution_or_any_later_time() -> None:
    tomorrow = timezone.now() + timedelta(days=1)

    assert MyTestJob.enqueue().status == "pending"
    assert MyTestJob.enqueue(schedule_at=tomorrow).scheduled == tomorrow


@pytest.mark.django_db(transaction=True)
def test_enqueue_once_from_several_threads_schedules_exactly_one_job() -> None:
    site = a_site()
    rivals = [elsewhere(lambda: MyTestJob.enqueue_once(site, interval=60)) for _ in range(8)]

    wait(rivals, timeout=30)

    assert {rival.result(0) for rival in rivals} == {Job.objects.get()}


@pytest.mark.django_db
def test_the_parameters_of_enqueue_once_equal_those_of_enqueue() -> None:
    site = a_site()
    arguments: dict[str, Any] = {
        "schedule_at": timezone.now() + timedelta(days=1),
        "interval": 60,
        "queue_name": "high",
        "notifications": "never",
        "priority": 3,
        "depth": 2,
    }

    assert shared_columns(MyTestJob.enqueue_once(site, **arguments)) == shared_columns(
        MyTestJob.enqueue(site, **arguments)
    )
    assert inspect.signature(MyTestJob.enqueue) == inspect.signature(MyTestJob.enqueue_once)


@pytest.mark.django_db
def test_a_further_job_can_be_enqueued_while_a_schedule_is_active() -> None:
    site = a_site()
    schedule = MyTestJob.enqueue_once(site, interval=1440)

    on_demand = MyTestJob.enqueue(site)

    assert set(MyTestJob.get_jobs(site)) == {schedule, on_demand}


@pytest.mark.django_db
def test_a_periodic_job_that_errors_is_scheduled_again_in_its_interval() -> None:
    job = MyTestJob.enqueue_once(interval=1440)

    MyTestJob.handle(job)

    assert job.status == "errored"
    assert Job.objects.live().get().interval == 1440


def test_the_default_queues_are_high_default_and_low() -> None:
    assert DEFAULT_QUEUES == ("high", "default", "low")
