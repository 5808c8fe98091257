"""``setup()`` and ``@system_job``: rules that are only remembered until a worker starts."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
import pytest_django

from pgjobs import BackgroundJob, JobInterval, system_job
from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.system import SystemJob, system_jobs
from pgjobs.models import Job, Schedule
from tests.apps.testapp.jobs import Noop, Tracing, WithoutRun
from tests.support.environment import ROOT
from tests.support.registry import forget_system_jobs

pytestmark = pytest.mark.usefixtures("no_system_jobs")


class OnTheHighQueue(BackgroundJob):
    class Meta:
        queue = "high"

    def run(self) -> None: ...


def the_rule() -> SystemJob:
    (rule,) = system_jobs().values()
    return rule


@pytest.mark.parametrize("interval", [1, 7, 90, 1441, JobInterval.MONTHLY])
def test_a_rule_may_be_any_whole_number_of_minutes(interval: int) -> None:
    Noop.setup(interval=interval)

    assert (the_rule().target, the_rule().cron) == (Noop, "")
    assert the_rule().interval == timedelta(minutes=interval)


def test_a_rule_may_be_a_cron_expression() -> None:
    Noop.setup(cron="15 3 * * *")

    assert (the_rule().interval, the_rule().cron) == (None, "15 3 * * *")


def test_the_decorator_registers_the_same_rule_as_setup(monkeypatch: pytest.MonkeyPatch) -> None:
    Noop.setup(interval=60, depth=2)
    by_setup = system_jobs()
    forget_system_jobs(monkeypatch)

    system_job(interval=60, depth=2)(Noop)

    assert system_jobs() == by_setup


def test_the_decorator_takes_the_interval_by_position_as_in_netbox() -> None:
    system_job(JobInterval.HOURLY)(Noop)

    assert the_rule().interval == timedelta(hours=1)


def test_the_decorator_takes_a_cron_expression() -> None:
    system_job(cron="15 3 * * *")(Noop)

    assert the_rule().cron == "15 3 * * *"


def test_the_decorator_returns_the_class_unchanged() -> None:
    assert system_job(interval=60)(Noop) is Noop


def test_a_class_set_up_twice_has_its_last_rule() -> None:
    Noop.setup(interval=60)
    Noop.setup(interval=90)

    assert the_rule().interval == timedelta(minutes=90)


def test_each_class_has_a_rule_of_its_own() -> None:
    Noop.setup(interval=60)
    Tracing.setup(interval=90)

    assert set(system_jobs()) == {Noop.path, Tracing.path}


def test_a_system_job_takes_the_low_queue() -> None:
    Noop.setup(interval=60)

    assert the_rule().queue_name == "low"


def test_a_system_job_takes_the_queue_that_is_mapped_for_jobs_without_an_object(
    settings: pytest_django.Settings,
) -> None:
    settings.PGJOBS = {"QUEUE_MAPPINGS": {None: "high"}}
    Noop.setup(interval=60)

    assert the_rule().queue_name == "high"


def test_a_system_job_whose_class_has_a_queue_keeps_it() -> None:
    OnTheHighQueue.setup(interval=60)

    assert the_rule().queue_name == "high"


def test_the_arguments_of_a_rule_are_kept() -> None:
    Noop.setup(interval=60, depth=2)

    assert the_rule().kwargs == {"depth": 2}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "Noop needs either interval"),
        ({"interval": 60, "cron": "* * * * *"}, "Noop needs either interval"),
        ({"interval": 0}, "interval must be .* not 0"),
        ({"interval": 1.5}, "interval must be .* not 1.5"),
        ({"interval": True}, "interval must be .* not True"),
        ({"interval": "60"}, "interval must be .* not '60'"),
        ({"cron": "*/90 * * * *"}, r"cron '\*/90 \* \* \* \*' steps"),
        ({"cron": "daily"}, "cron 'daily' is not"),
        ({"interval": 60, "callback": print}, r"kwargs\['callback'\]"),
    ],
)
def test_a_wrong_rule_is_refused_by_setup(rule: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        Noop.setup(**rule)

    assert system_jobs() == {}


def test_a_class_without_run_is_refused_by_setup() -> None:
    with pytest.raises(InvalidArgument, match=r"WithoutRun has no run\(\)"):
        WithoutRun.setup(interval=60)


@pytest.mark.django_db
def test_setup_writes_no_row() -> None:
    Noop.setup(interval=60)

    assert not Job.objects.exists()
    assert not Schedule.objects.exists()


def test_setup_needs_no_database() -> None:
    script = """if True:
        import django
        django.setup()
        from pgjobs import system_job
        from pgjobs.jobs.system import system_jobs
        from tests.apps.testapp.jobs import Noop, Tracing
        Noop.setup(interval=60, depth=2)
        system_job(cron="15 3 * * *")(Tracing)
        assert len(system_jobs()) == 2
    """
    unreachable = {
        **os.environ,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": str(ROOT),
    }

    subprocess.run([sys.executable, "-W", "error", "-c", script], env=unreachable, check=True)
