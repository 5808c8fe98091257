"""Many callers steer, delete and prune the same jobs while workers run them and write to them.

No caller may see an error of the database, and no job may be lost or run twice. RIVALRY_SECONDS
sets the length.
"""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.db.models.functions import Now

from pgjobs.choices import LIVE
from pgjobs.models import Job
from tests.apps.testapp.jobs import AboutObject, Failing, Logging, Noop, Tracing
from tests.apps.testapp.models import Site, Trace
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.moments import TOMORROW
from tests.support.rows import a_site
from tests.support.worker_process import RunningWorker

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS: Final = float(os.environ.get("RIVALRY_SECONDS", "5"))
MOST_ROWS: Final = 3000
"""Above this number of live jobs, the callers that enqueue wait: the workers must keep up."""

steered = Job.objects.filter(job_class__in=[Logging.path, AboutObject.path, Failing.path])
"""The jobs that the rivals change. Nobody steers the jobs of other classes."""


def some(jobs: Any = steered, most: int = 50) -> Any:
    """Return a query set of some of ``jobs``, chosen anew at each call."""
    ids = list(jobs.order_by("?").values_list("pk", flat=True)[:most])
    return Job.objects.filter(pk__in=ids)


def room() -> bool:
    if Job.objects.live().count() < MOST_ROWS:
        return True
    time.sleep(0.05)
    return False


class Rivals:
    """The acts of the callers; each is repeated by a thread of its own."""

    def __init__(self) -> None:
        self.labels = itertools.count()
        self.enqueued = 0
        self.rounds: Counter[str] = Counter()

    def enqueue_jobs_that_nobody_steers(self) -> None:
        if room():
            Tracing.enqueue(label=str(next(self.labels)))
            self.enqueued += 1
        time.sleep(0.005)

    def enqueue_in_bulk(self) -> None:
        if room():
            Logging.enqueue_many([{}] * 100)

    def enqueue_recurring(self) -> None:
        if room():
            for _ in range(10):
                Logging.enqueue(interval=1)
                Logging.enqueue(interval=1, schedule_at=TOMORROW)
                Failing.enqueue(interval=1)

    def cancel_in_bulk(self) -> None:
        steered.cancel()

    def cancel_some(self) -> None:
        some().cancel()

    def cancel_one_by_one(self) -> None:
        for job in some():
            job.cancel()

    def skip_runs(self) -> None:
        some().cancel(keep_schedule=True)

    def retry_in_bulk(self) -> None:
        some(steered.finished(), most=200).retry()

    def retry_one_by_one(self) -> None:
        for job in some(steered.finished(), most=20):
            job.retry()

    def delete_in_bulk(self) -> None:
        some(most=300).delete()

    def delete_running(self) -> None:
        for job in some(steered.filter(status="running"), most=20):
            job.delete()

    def prune(self) -> None:
        Job.objects.prune(days=0)

    def delete_objects(self) -> None:
        sites = [a_site() for _ in range(3)]
        for site in sites * 3:
            AboutObject.enqueue(site, interval=1)
            Logging.enqueue(site)
        time.sleep(random.uniform(0, 0.05))
        Site.objects.filter(pk__in=[site.pk for site in sites]).delete()

    def delete_users(self) -> None:
        users = [User(username=f"{threading.get_ident()} {number}") for number in range(3)]
        User.objects.bulk_create(users)
        users = list(User.objects.order_by("-pk")[:3])
        for user in users * 3:
            Logging.enqueue(user=user, interval=1)
        time.sleep(random.uniform(0, 0.05))
        User.objects.filter(pk__in=[user.pk for user in users]).delete()

    def change_the_rule_of_a_chain(self) -> None:
        Noop.enqueue_once(interval=random.randrange(1, 5))

    def hurry_the_chain(self) -> None:
        Job.objects.filter(once_key=Noop.path, status="scheduled").update(scheduled=Now())
        time.sleep(0.01)


def acts_of(rivals: Rivals) -> list[Callable[[], None]]:
    names = [name for name, member in vars(Rivals).items() if not name.startswith("_")]
    return [getattr(rivals, name) for name in names]


@contextmanager
def all_at_once(rivals: Rivals) -> Iterator[list[str]]:
    """Let a thread for each act repeat it until the block ends; yield the errors that they see."""
    errors: list[str] = []
    is_over = threading.Event()

    def repeat(act: Callable[[], None]) -> None:
        try:
            while not is_over.is_set():
                try:
                    act()
                    rivals.rounds[act.__name__] += 1
                except Exception as error:
                    what = traceback.format_exc() if os.environ.get("RIVALRY_TRACES") else ""
                    errors.append(f"{act.__name__}: {error!r} {what}")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=repeat, args=[act]) for act in acts_of(rivals)]
    for thread in threads:
        thread.start()
    try:
        yield errors
    finally:
        is_over.set()
        for thread in threads:
            thread.join(60)


def test_rivals_for_the_same_jobs_see_no_error_and_no_job_is_lost_or_run_twice(
    child_environment: Environment,
) -> None:
    rivals = Rivals()
    with ExitStack() as workers:
        for _ in range(1 if SECONDS < 60 else 3):
            worker = workers.enter_context(RunningWorker(child_environment, "--concurrency", "4"))
            worker.until_started()
        with all_at_once(rivals) as errors:
            time.sleep(SECONDS)
        steered.cancel()
        untouched = Job.objects.filter(job_class=Tracing.path, status__in=LIVE)
        eventually(lambda: not untouched.exists(), timeout=60)

    print(rivals.rounds)  # noqa: T201 - pytest shows it if the test fails
    assert errors == []
    runs = Counter(Trace.objects.values_list("label", flat=True))
    assert runs == Counter(str(number) for number in range(rivals.enqueued))
    assert Job.objects.filter(once_key=Noop.path, status__in=LIVE).count() == 1
