"""The test kit in a project of its own, by each way in which a project may run its tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.support.markdown import DOCS, blocks
from tests.support.written_project import Project, a_project

JOBS: Final = """
from pgjobs import BackgroundJob, JobInterval, system_job


class Sync(BackgroundJob):
    def run(self, full=False):
        return self.job.object.name


@system_job(interval=JobInterval.HOURLY)
class Count(BackgroundJob):
    def run(self): ...
"""

DATA: Final = """
from django.db import migrations

def make_site(apps, schema_editor):
    apps.get_model("network", "Site").objects.create(name="Born")

class Migration(migrations.Migration):
    dependencies = [("network", "0001_initial")]
    operations = [migrations.RunPython(make_site, migrations.RunPython.noop)]
"""

KIT: Final = """
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async
from django.test import TestCase, TransactionTestCase
from django.utils import timezone

from network.jobs import Count, Sync
from network.models import Site
from pgjobs.models import Job, WorkerProcess
from pgjobs.testing import JobsTestMixin, time_travel


class Kit(JobsTestMixin):
    def test_the_kit(self):
        site = Site.objects.create(name="Lund")
        self.refute_enqueued(Sync)
        Sync.enqueue(site, full=True)
        job = self.assert_enqueued(Sync, object=site, full=True)
        with self.time_travel(timedelta(days=91)):
            self.assertEqual(self.run_jobs(), [job])
            self.assertEqual([job.job_class for job in self.fire_schedules()], [Count.path])
            self.run_jobs(ahead=timedelta(hours=1))
        self.assertEqual(self.enqueued(), [])
        self.assertEqual(self.run_job(Sync, object=site).result, "Lund")

    def test_a_travel_lasts_until_the_end_of_the_test(self):
        with self.time_travel(timedelta(days=2)):
            self.assertGreater(Sync.enqueue().created, datetime.now(UTC) + timedelta(days=1))
        self.time_travel(timedelta(days=2))
        self.assertGreater(Sync.enqueue().created, datetime.now(UTC) + timedelta(days=1))

    def test_another_test_does_not_travel(self):
        self.assertLess(Sync.enqueue().created, datetime.now(UTC) + timedelta(days=1))
        self.assertLess(timezone.now(), datetime.now(UTC) + timedelta(days=1))

    async def test_a_coroutine(self):
        async with time_travel(timedelta(days=2)):
            job = await Sync.aenqueue()
        await sync_to_async(self.assert_enqueued)(Sync)
        self.assertGreater(job.created, timezone.now() + timedelta(days=1))

    def test_the_tables_are_as_before_the_other_test(self):
        self.assertEqual(Job.objects.count(), 0)
        self.assertGreater(Sync.enqueue_many([{}] * 3)[2], 0)


class InATransaction(Kit, TestCase):
    pass


class CommittingKit(Kit):
    def test_a_live_worker(self):
        self.live_worker()
        job = Sync.enqueue(Site.objects.create(name="Lund"))
        self.assertEqual(job.wait(timeout=30).result, "Lund")

    def test_a_live_worker_of_a_block(self):
        with self.live_worker():
            job = Sync.enqueue(Site.objects.create(name="Lund"))
            job.wait(timeout=30)
        self.assertFalse(WorkerProcess.objects.filter(stopped=None).exists())

    def test_a_live_worker_that_travels(self):
        with self.time_travel(timedelta(days=1)) as travel:
            self.live_worker()
            job = Sync.enqueue(Site.objects.create(name="Lund"))
            job.wait(timeout=30)
            self.assertLess(travel.now() - job.completed, timedelta(minutes=10))
            self.doCleanups()
"""

COMMITTING: Final = """

class Committing(CommittingKit, TransactionTestCase):
    pass
"""

# Not beside classes without it: Django can't restore content types that others have made anew.
SERIALIZED: Final = """

class Serialized(CommittingKit, TransactionTestCase):
    serialized_rollback = True

    def test_data_of_migrations_is_there(self):
        born = Site.objects.get(name="Born")
        self.live_worker()
        self.assertEqual(Sync.enqueue(born).wait(timeout=30).result, "Born")

    def test_data_of_migrations_is_there_again(self):
        self.test_data_of_migrations_is_there()
"""

FIXTURES: Final = """
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from network.jobs import Sync
from network.models import Site
from pgjobs.testing import enqueued

IN_2031 = datetime(2031, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("number", range(4))
@pytest.mark.django_db
def test_inline_jobs(inline_jobs, number):
    assert Sync.enqueue(Site.objects.create(name="Lund")).result == "Lund"


@pytest.mark.django_db
def test_a_test_without_the_fixture_runs_nothing():
    assert Sync.enqueue(Site.objects.create(name="Lund")).status == "pending"


@pytest.mark.parametrize("number", range(4))
def test_time_travel(time_travel, number):
    with time_travel(IN_2031):
        assert timezone.now() >= IN_2031
    assert timezone.now() < IN_2031
    travel = time_travel(IN_2031)
    assert Sync.enqueue().created >= IN_2031
    assert timezone.now() >= IN_2031 and travel.now() >= IN_2031


@pytest.mark.django_db
def test_a_test_without_the_fixture_does_not_travel():
    assert Sync.enqueue().created < IN_2031 and timezone.now() < IN_2031


@pytest.mark.parametrize("number", range(4))
def test_live_worker(live_worker, number):
    with live_worker(queues=["default"]):
        Sync.enqueue(Site.objects.create(name="Oslo")).wait(timeout=30)
    live_worker(queues=["default"])
    assert Sync.enqueue(Site.objects.create(name="Lund")).wait(timeout=30).result == "Lund"
"""

INTERRUPTED: Final = """
import os, signal, threading, time

from pgjobs import BackgroundJob
from pgjobs.models import Job

HAS_STARTED = threading.Event()


class Endless(BackgroundJob):
    def run(self):
        HAS_STARTED.set()
        while True:
            time.sleep(0.1)


def test_ctrl_c_beside_a_running_job(live_worker):
    live_worker(timeout=5)
    Endless.enqueue()
    assert HAS_STARTED.wait(60)
    # A program in the background of a script inherits that Ctrl-C is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)


def test_the_next_one():
    assert False, "it ran"
"""

CONFTEST: Final = 'pytest_plugins = ["pgjobs.testing.fixtures"]\n'
WITHOUT_MIGRATIONS: Final = """
from mysite.settings import *

DATABASES["default"]["TEST"] = {"MIGRATE": False}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The quickstart's project with its models, and tests that use all of the kit."""
    with a_project(tmp_path_factory.mktemp("project")) as project:
        quickstart = DOCS / "quickstart.md"
        install, *_ = blocks(quickstart, "sh")
        settings, models, *_ = blocks(quickstart, "python")
        project.follow([install, settings, models])
        project.manage("makemigrations", "network")
        for name, text in {
            "network/jobs.py": JOBS,
            "network/migrations/0002_data.py": DATA,
            "network/tests.py": KIT + SERIALIZED,
            "test_cases.py": KIT + COMMITTING,
            "test_fixtures.py": FIXTURES,
            "interrupted.py": INTERRUPTED,
            "conftest.py": CONFTEST,
            "mysite/without_migrations.py": WITHOUT_MIGRATIONS,
        }.items():
            project.write(name, text)
        yield project


def passed(project: Project, *options: str, settings: str = "mysite.settings") -> int:
    """Run the project's tests under pytest; return how many have passed."""
    output = project.run("-m", "pytest", "-q", "-p", "no:randomly", "--ds", settings, *options)
    (count,) = re.findall(r"^(\d+) passed", output, re.MULTILINE)
    return int(count)


CASES_OF_BOTH_CLASSES: Final = 13
ALL: Final = CASES_OF_BOTH_CLASSES + 14


def test_the_kit_works_in_several_processes_of_pytest(project: Project) -> None:
    assert passed(project, "-n", "2") == ALL


def test_the_kit_works_without_migrations_by_an_option(project: Project) -> None:
    assert passed(project, "--nomigrations") == ALL


def test_the_kit_works_without_migrations_by_a_setting_and_on_a_database_that_is_kept(
    project: Project,
) -> None:
    options = {"settings": "mysite.without_migrations"}

    assert passed(project, "--reuse-db", **options) == ALL
    assert passed(project, "--reuse-db", "test_cases.py", **options) == CASES_OF_BOTH_CLASSES


def test_the_kit_works_with_serialized_rollback_under_django(project: Project) -> None:
    assert "Ran 15 tests" in project.manage("test", "network", "--noinput")


def test_the_fixtures_can_be_loaded_before_django_knows_its_settings(project: Project) -> None:
    loads = "import pgjobs.testing.fixtures, django.apps; print(django.apps.apps.ready)"

    assert project.run("-c", loads) == "False\n"


def test_ctrl_c_beside_a_running_job_ends_the_run_of_pytest(project: Project) -> None:
    options = ("-p", "no:randomly", "--ds", "mysite.settings", "interrupted.py")

    code, output = project.outcome("-m", "pytest", "--create-db", *options)

    assert code == 2, output
    assert "KeyboardInterrupt" in output
    assert "it ran" not in output
    assert "did not end within" not in output
