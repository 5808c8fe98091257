"""Functions of ``@pgjobs.job`` as system jobs: by ``setup()`` and by ``@system_job``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

import pgjobs
from pgjobs import system_job
from pgjobs.checks.project import check_job_queues
from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.system import SystemJob, system_jobs
from pgjobs.models import Job, Schedule
from pgjobs.steering import schedules
from pgjobs.steering.actor import Actor
from pgjobs.testing import fire_schedules, run_jobs, time_travel
from tests.apps.testapp.jobs import Noop
from tests.support.sql import query

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_system_jobs")]


@pgjobs.job(name="Tidy up", editable_schedule=True)
def tidy(depth: int = 1, job: Job | None = None) -> list[Any]:
    return [depth, job.pk if job else None]


@pgjobs.job(queue="high")
async def count(what: str, name: str = "") -> str:
    return f"{what} {name}"


@pgjobs.register
def unnamed() -> None: ...


ANY: Any = tidy
PATH = f"{__name__}.tidy"


def the_rule() -> SystemJob:
    (rule,) = system_jobs().values()
    return rule


# Declaring ---------------------------------------------------------------------------------


def test_setup_and_the_decorator_register_the_same_rule() -> None:
    tidy.setup(interval=60, depth=2, priority=3)
    by_setup = the_rule()

    assert system_job(60, depth=2, priority=3)(tidy) is tidy
    assert the_rule() == by_setup
    assert (by_setup.path, by_setup.interval) == (PATH, timedelta(hours=1))
    assert (by_setup.kwargs, by_setup.options) == ({"depth": 2}, {"priority": 3})


def test_a_system_function_has_the_queue_of_its_options_or_the_low_one() -> None:
    tidy.setup(interval=60)
    count.setup(cron="15 3 * * *", what="sites")

    assert {rule.queue_name for rule in system_jobs().values()} == {"low", "high"}


def test_a_parameter_called_name_is_an_argument_of_setup() -> None:
    count.setup(interval=1, what="sites", name="Ada")

    assert the_rule().kwargs == {"what": "sites", "name": "Ada"}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "tidy needs either interval"),
        ({"interval": 60, "cron": "* * * * *"}, "tidy needs either interval"),
        ({"interval": 0}, "interval must be .* not 0"),
        ({"cron": "daily"}, "cron 'daily' is not"),
        ({"interval": 60, "priority": "high"}, "priority must be .* not 'high'"),
        ({"interval": 60, "timeout": 0}, "timeout must be .* not 0"),
        ({"interval": 60, "job_timeout": "1h"}, "timeout must be .* not '1h'"),
        ({"interval": 60, "max_attempts": 0}, "max_attempts must be .* not 0"),
        ({"interval": 60, "immediate": True}, "immediate=True can't be an option of a system job"),
        ({"interval": 60, "name": "Tidy"}, "name='Tidy' can't be an option of a system job"),
        ({"interval": 60, "schedule_at": 5}, "schedule_at=5 can't .* Its rule decides when"),
        ({"interval": 60, "instance": 5}, "instance=5 can't .* belongs to no object"),
    ],
)
@pytest.mark.parametrize("target", [tidy, Noop], ids=["function", "class"])
def test_a_wrong_rule_is_refused_at_the_call(target: Any, rule: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words.replace("tidy", target.__name__)):
        target.setup(**rule)

    assert system_jobs() == {}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"dept": 1}, r"dept=1 is neither .* Did you mean depth\?"),
        ({"job": 1}, "job=1 can't be an argument"),
        ({"depth": print}, r"kwargs\['depth'\]"),
    ],
)
def test_a_wrong_argument_is_refused_at_the_call(arguments: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        ANY.setup(interval=60, **arguments)

    assert system_jobs() == {}


def test_a_required_argument_that_the_rule_does_not_give_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"count\(\) needs what"):
        count.setup(interval=5)  # type: ignore[call-arg]


def test_the_decorator_below_the_other_one_is_refused() -> None:
    def tidies() -> None: ...

    with pytest.raises(InvalidArgument, match=r"tidies is no job yet: write @pgjobs.job between"):
        system_job(interval=5)(tidies)


def test_a_registered_function_is_refused_because_its_jobs_have_no_name() -> None:
    with pytest.raises(InvalidArgument, match=r"@pgjobs.register.*Mark it with @pgjobs.job"):
        system_job(interval=5)(unnamed)


def test_check_reports_the_queue_of_a_rule_that_does_not_exist() -> None:
    tidy.setup(interval=5, queue_name="nowhere")

    (error,) = (each for each in check_job_queues() if PATH in each.msg)

    assert error.msg == f"setup(queue_name=…) of {PATH} is 'nowhere', which is not a queue."


# Running -----------------------------------------------------------------------------------


def test_the_clock_runs_the_function_with_its_arguments() -> None:
    tidy.setup(interval=60, depth=2, priority=3)

    (job,) = fire_schedules()
    (ran,) = run_jobs()

    assert (job.job_class, job.name, job.queue_name, job.priority) == (PATH, "Tidy up", "low", 3)
    assert ran.result == [2, job.pk]
    with time_travel(timedelta(minutes=59)) as travel:
        assert fire_schedules() == []
        travel.move(timedelta(minutes=1))
        assert len(fire_schedules()) == 1


def test_a_system_function_that_is_a_coroutine_runs() -> None:
    count.setup(interval=60, what="sites")
    fire_schedules()

    assert [ran.result for ran in run_jobs()] == ["sites "]


# Looking and steering ----------------------------------------------------------------------


def test_sql_and_pages_show_a_system_function(admin_client: Client) -> None:
    tidy.setup(cron="15 3 * * *", depth=2)
    fire_schedules()

    (row,) = query("SELECT job_class, rule FROM pgjobs_schedules")
    assert row == {"job_class": PATH, "rule": "cron 15 3 * * *"}
    key = Schedule.objects.get().pk
    for page in (reverse("pgjobs:schedules"), reverse("pgjobs:schedule", args=[key])):
        assert PATH in admin_client.get(page).content.decode()


def test_operators_steer_a_system_function(admin_user: User) -> None:
    tidy.setup(interval=60, depth=2)
    fire_schedules()
    ann = Actor.python("ann")
    run_jobs()

    assert schedules.run(PATH, by=ann).job.kwargs == {"depth": 2}
    assert schedules.switch_off(PATH, by=ann)
    assert schedules.switch_on(PATH, by=ann)
    assert schedules.edit(PATH, interval=5, by=ann).interval == 5
    assert schedules.take_back(PATH, by=ann)


def test_the_rule_of_a_function_that_does_not_allow_it_is_not_edited() -> None:
    count.setup(interval=60, what="sites")
    fire_schedules()

    with pytest.raises(InvalidArgument, match=r"its @pgjobs.job does not set editable_schedule"):
        schedules.edit(f"{__name__}.count", interval=5, by=Actor.python("ann"))
