"""Each filter, alone and in pairs, finds exactly the jobs that the same rule in Python finds."""

from __future__ import annotations

import itertools
import random
import shlex
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from pgjobs.choices import FINISHED, LIVE, JobStatus
from pgjobs.models import Job
from pgjobs.pages.listing.copying import as_command, as_sql
from pgjobs.pages.listing.language import read
from pgjobs.pages.listing.visible import visible_jobs
from pgjobs.steering.selection import Selection
from tests.apps.testapp.jobs import Charging, Failing, Noop
from tests.support.rows import a_failure, a_job, a_site

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)
DAY = NOW - timedelta(days=1)
AT = DAY.isoformat()
TEXTS = ("", "timed out", "TIMED OUT after 30 s\nmore", "KeyError: '50%'", "a_b\\c", "=1+1")
FAILURES = ([], *([a_failure(exception="a.Error", frame=frame)] for frame in ("b.c", "b.d", "")))
NAMES = ("Nightly report", "nightly%", "Sync", "<script>", "-5", "käse")


@pytest.fixture
def jobs() -> list[Job]:
    """Many jobs with odd values, each combined at random."""
    draw = random.Random(7)
    site, users = a_site(), [None, User.objects.create(username="ann"), User.objects.create()]
    for number in range(160):
        status = draw.choice(list(JobStatus))
        moments: dict[str, datetime | None] = {
            name: NOW - timedelta(hours=draw.choice([0, 12, 24, 36, 400]))
            for name in ("created", "scheduled", "started", "completed")
        }
        if status not in FINISHED:
            moments["completed"] = None
        if status in ("pending", "scheduled"):
            moments["started"] = None
        job = a_job(
            status,
            name=draw.choice(NAMES),
            job_class=draw.choice([Noop.path, Failing.path, Charging.path, "gone.jobs.Job"]),
            queue_name=draw.choice(["high", "low", "gone queue"]),
            kwargs=draw.choice([{}, {"n": 1}, {"n": "1"}, {"n": 1, "m": [None]}]),
            object=draw.choice([None, site]),
            user=draw.choice(users),
            worker_id=draw.choice([None, 0, 12]),
            attempt=draw.choice([0, 1, 2, 30_000]),
            error=draw.choice(TEXTS),
            errors=draw.choice(FAILURES),
            **moments,
        )
        Job.objects.filter(pk=job.pk).update(**moments)
        if number == 80:
            Job.objects.filter(pk=job.pk).update(name="the 80th")
    return list(Job.objects.all())


def holds(text: str) -> Callable[[Job], bool]:
    def rule(job: Job) -> bool:
        return any(text in each.lower() for each in (job.name, job.job_class, job.error))

    return rule


def ends(job: Job, rule: Callable[[datetime], bool]) -> bool:
    return job.completed is not None and rule(job.completed)


RULES: dict[str, Callable[[Job], bool]] = {
    "status:errored": lambda job: job.status == "errored",
    "status:live": lambda job: job.status in LIVE,
    "queue:low": lambda job: job.queue_name == "low",
    'queue:"gone queue"': lambda job: job.queue_name == "gone queue",
    "class:Noop": lambda job: job.job_class == Noop.path,
    "class:gone.jobs.Job": lambda job: job.job_class == "gone.jobs.Job",
    "object:testapp.site:SITE": lambda job: job.object_id is not None,
    "user:ann": lambda job: job.user is not None and job.user.username == "ann",
    "worker:0": lambda job: job.worker_id == 0,
    "attempt:>1": lambda job: job.attempt > 1,
    f"since:{AT}": lambda job: job.created >= DAY,
    f"before:{AT}": lambda job: job.created < DAY,
    f"ended:{AT}": lambda job: ends(job, lambda at: at >= DAY),
    f"ended_before:{AT}": lambda job: ends(job, lambda at: at < DAY),
    "name:NIGHT": lambda job: job.name.lower().startswith("night"),
    "name:nightly%": lambda job: job.name == "nightly%",
    'error:"timed out"': lambda job: "timed out" in job.error.lower(),
    "error:50%": lambda job: "50%" in job.error,
    r'error:"a_b\\c"': lambda job: "a_b\\c" in job.error,
    "failure:a.Error": lambda job: bool(job.errors),
    "failure:a.Error@b.c": lambda job: bool(job.errors) and job.errors[-1]["frame"] == "b.c",
    "failure:a.Error@": lambda job: bool(job.errors) and not job.errors[-1]["frame"],
    "failure:@": lambda job: not job.errors,
    "arg.n:1": lambda job: (
        job.kwargs.get("n") == 1 and job.job_class in (Noop.path, Failing.path, Charging.path)
    ),
    "failing": holds("failing"),
    "KÄSE": holds("käse"),
}


def as_id(rule: str) -> str:
    """The rule without the moment of this run, since each process that runs tests has its own."""
    return rule.replace(AT, "YESTERDAY")


def test_filters_find_the_jobs_of_the_rule_alone_and_in_pairs(jobs: list[Job]) -> None:
    found_some = 0
    root = User.objects.create(username="root", is_superuser=True)
    (key,) = {job.object_id for job in jobs if job.object_id}
    for rules in [*((rule,) for rule in RULES), *itertools.combinations(RULES, 2)]:
        text = " ".join(rules).replace("SITE", str(key))
        query = read(text)
        if len(rules) == 2 and query.terms[0].key == query.terms[-1].key != "":
            continue  # one filter twice: a mistake, or two statuses
        if rules == ("class:gone.jobs.Job", "arg.n:1"):
            assert "a value is redacted" in str(query.problems)
            continue
        assert not query.problems, text
        expected = {job.pk for job in jobs if all(RULES[rule](job) for rule in rules)}
        stored = Selection.from_json(query.selection.to_json())
        for selected in (visible_jobs(root, query.selection), stored.jobs()):
            assert set(selected.values_list("pk", flat=True)) == expected, text
        found_some += bool(expected)
    assert found_some > 100


def test_a_word_finds_no_more_than_the_job_with_it(jobs: list[Job]) -> None:
    assert read("80th").selection.jobs().get().name == "the 80th"


@pytest.mark.parametrize(
    "rule",
    [*RULES, "", "attempt:>32767", "<script> 'quoted' %s %%", "arg.a:'", r'error:"\\x"'],
    ids=as_id,
)
def test_the_filter_as_sql_runs_and_finds_the_same_jobs(rule: str, jobs: list[Job]) -> None:
    query = read(rule.replace("SITE", str(a_site().pk)))
    assert not query.problems
    expected = jobs if query.selection.is_empty else list(query.selection.jobs())
    with connection.cursor() as cursor:
        cursor.execute(as_sql(query))
        ids = [row[0] for row in cursor.fetchall()]

    assert ids == sorted((job.pk for job in expected), reverse=True)[:100]


@pytest.mark.parametrize("rule", [*RULES, "status:errored,failed arg.n:1 -5", "id:1,2"], ids=as_id)
def test_the_filter_as_a_command_finds_the_same_jobs(
    rule: str, jobs: list[Job], pgjobs: Callable[..., Any]
) -> None:
    query = read(rule.replace("SITE", str(a_site().pk)))
    words = shlex.split(as_command(query.terms))
    assert words[:3] == ["manage.py", "pgjobs", "list"]
    ran = pgjobs(*words[2:], "--json", "--limit", "1000")

    listed = {row["id"] for row in ran.json}
    assert listed == set(query.selection.jobs().values_list("pk", flat=True))
