"""`manage.py pgjobs port` reads unusual code, and passes over names that only look alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.porting.test_odd_files import write

Run = Callable[..., Any]

JOB = "@pgjobs.compat.rq.job above it"
MARKED = "above @pgjobs.job of"
NEW = f"{MARKED} a new function that calls"


@pytest.fixture
def told(tmp_path: Path, pgjobs: Run) -> Callable[[str], list[str]]:
    """Return a function from the text of a module to the advice, each with its line."""

    def tell(text: str) -> list[str]:
        rows = pgjobs("port", "--json", write(tmp_path / "shop.py", text)).json
        return [f"{row['line']}: {'look: ' * (row['level'] == 'look')}{row['new']}" for row in rows]

    return tell


Tell = Callable[[str], list[str]]


# Celery ---------------------------------------------------------------------------------------


def test_a_decorator_that_is_made_of_another_is_told(told: Tell) -> None:
    found = told(
        "import celery as c\n"
        "from celery import shared_task as task\n"
        "from functools import partial\n"
        "retried = task(max_retries=3)\n"
        "bound = partial(c.shared_task, bind=True)\n"
        "@retried\ndef a(): ...\n"
        "@c.shared_task\ndef b(): ...\n"
    )

    assert found == [
        "1: import pgjobs",
        "2: import pgjobs",
        "4: look: pgjobs.job",
        "5: look: pgjobs.job",
        "8: @pgjobs.job",
    ]


def test_a_task_inside_another_function_is_something_to_look_at(told: Tell) -> None:
    text = "from celery import shared_task\ndef outer():\n    @shared_task\n    def f(): ...\n"

    assert told(text) == ["1: import pgjobs", "3: look: @pgjobs.job"]


def test_calls_that_wait_for_the_commit_are_told(told: Tell) -> None:
    found = told(
        "from celery import shared_task\n@shared_task\ndef f(x): ...\n"
        "f.delay_on_commit(1)\nf.apply_async_on_commit(kwargs={'x': 1})\n"
    )

    assert found[2:] == ["4: f.delay", "5: f.enqueue"]


def test_the_task_that_runs_is_the_current_job(told: Tell) -> None:
    text = "from celery import current_task\ndef helper():\n    return current_task.request.id\n"

    assert told(text) == ["1: import pgjobs", "3: pgjobs.current_job()"]


SCHEDULES = {
    "CELERY_BEAT_SCHEDULE: dict = {'a': {'task': 's.f', 'schedule': 60}}": (
        f"2: @pgjobs.system_job(interval=1) {MARKED} s.f()"
    ),
    "CELERY_BEAT_SCHEDULE['a'] = {'task': 's.f', 'schedule': crontab(minute=0)}": (
        f'2: @pgjobs.system_job(cron="0 * * * *") {MARKED} s.f()'
    ),
    "CELERY_BEAT_SCHEDULE.update({'a': dict(task='s.f', schedule=crontab(minute=5))})": (
        f'2: @pgjobs.system_job(cron="5 * * * *") {MARKED} s.f()'
    ),
    "CELERY_BEAT_SCHEDULE = {'a': ENTRY}": "2: look: @pgjobs.system_job(…) for it",
    "CELERY_BEAT_SCHEDULE = {**OTHERS}": "2: look: @pgjobs.system_job(…) for it",
    "CELERY_BEAT_SCHEDULE = {'a': {'task': 's.f', 'schedule': 1e400}}": (
        f"2: look: @pgjobs.system_job(…) {MARKED} s.f()"
    ),
    "CELERY_BEAT_SCHEDULE = {'a': {'task': 's.f', 'schedule': -5}}": (
        f"2: look: @pgjobs.system_job(…) {MARKED} s.f()"
    ),
    "CELERY_BEAT_SCHEDULE = {'a': {'task': 's.f', 'schedule': 60, 'kwargs': {'a b': 1}}}": (
        f"2: @pgjobs.system_job(interval=1) {NEW} s.f(**{{'a b': 1}})"
    ),
    "CELERY_BEAT_SCHEDULE = {'a': {'task': 's.f', 'schedule': 60, 'options': {'queue': 'a\"b'}}}": (
        f'2: @pgjobs.system_job(interval=1, queue_name="a\\"b") {MARKED} s.f()'
    ),
}


@pytest.mark.parametrize("text", SCHEDULES)
def test_a_schedule_in_code_is_told_in_every_shape(text: str, told: Tell) -> None:
    found = told(f"from celery.schedules import crontab\n{text}\n")

    assert found[1:] == [SCHEDULES[text]]


def test_an_app_is_known_by_its_config(told: Tell) -> None:
    text = 'INSTALLED_APPS = ["django_q.apps.DjangoQConfig", "django_quill.apps.Config"]\n'

    assert told(text) == ['1: "procrastinate.contrib.django", "pgjobs"']


def test_an_invalid_rule_of_django_q2_is_no_advice(told: Tell) -> None:
    found = told(
        "from django_q.tasks import schedule\n"
        "schedule('s.f', schedule_type='C', cron='99 * * * *')\n"
        "schedule('s.f', schedule_type='I', minutes=0)\n"
        "schedule('s.f', schedule_type='C', cron='@Daily')\n"
    )

    assert found[1:] == [
        f"2: look: @pgjobs.system_job(…) {MARKED} f()",
        f"3: look: @pgjobs.system_job(…) {NEW} f()",
        f'4: @pgjobs.system_job(cron="0 0 * * *") {NEW} f()',
    ]


def test_a_function_without_a_name_is_no_call_to_write(told: Tell) -> None:
    found = told(
        "from django_q.tasks import async_task\nasync_task(lambda: 1)\nasync_task(f'{NAME}.f', 1)\n"
    )

    assert found[1:] == ["2: look: function.delay()", "3: look: function.delay(1)"]


# RQ -------------------------------------------------------------------------------------------


def test_functions_that_are_enqueued_need_the_decorator(told: Tell) -> None:
    found = told(
        "import django_rq\n"
        "queue = django_rq.get_queue()\n"
        "queue.enqueue(one, on_success=one)\n"
        "queue.enqueue_in(DELAY, two)\n"
        "django_rq.enqueue('shop.three')\n"
        "@django_rq.job\ndef marked(): ...\n"
        "queue.enqueue_call(func=marked)\n"
        "QUEUE.enqueue(four)\n"
        "def one(): ...\n"
        "def two(): ...\n"
        "def three(): ...\n"
        "def four(): ...\n"
    )

    assert found[1:] == [
        "3: do it at the end of the function, or in a receiver of pgjobs.job_end",
        *(f"{line}: {JOB}" for line in range(10, 14)),
    ]


def test_a_connection_to_redis_and_a_worker_are_told(told: Tell) -> None:
    found = told(
        "import redis\nfrom rq import Queue, Worker\n"
        "conn = redis.from_url('redis://')\n"
        "queue = Queue('low', connection=conn)\n"
        "other = Queue('low', connection=queue.connection)\n"
        "Worker([queue]).work()\n"
        "Worker.all(queue=queue)\n"
    )

    assert found[1:] == ["4: leave it out", "6: look: python manage.py pgjobs_worker"]


def test_rules_of_rq_scheduler_are_told(told: Tell) -> None:
    found = told(
        "import django_rq\n"
        "scheduler = django_rq.get_scheduler()\n"
        "scheduler.cron('15 3 * * *', func=f, use_local_timezone=True)\n"
        "scheduler.cron('15 3 * * *', f)\n"
        "scheduler.schedule(now, f, interval=3600)\n"
    )

    assert found[2:] == [
        f'3: @pgjobs.system_job(cron="15 3 * * *") {NEW} f()',
        f'4: look: @pgjobs.system_job(cron="15 3 * * *") {NEW} f()',
        f"5: @pgjobs.system_job(interval=60) {NEW} f()",
    ]


def test_names_of_modules_of_rq_move_into_one_module(told: Tell) -> None:
    found = told(
        "import rq\nimport rq.registry as registries\n"
        "rq.job.Job.fetch('1')\nregistries.FailedJobRegistry()\nrq.Queue()\n"
    )

    assert found == [
        "1: from pgjobs.compat import rq",
        "2: from pgjobs.compat import rq as registries",
        "3: rq.Job",
    ]


def test_queues_that_code_computes_are_something_to_look_at(told: Tell) -> None:
    for value in ("{name: {} for name in NAMES}", "{**OTHERS}", "make()"):
        assert told(f"RQ_QUEUES = {value}\n") == ["1: look: pgjobs_queues = […] on an AppConfig"]


# NetBox ---------------------------------------------------------------------------------------


def test_names_that_netbox_hands_on_are_told(told: Tell) -> None:
    found = told(
        "from netbox.jobs import Job, AsyncViewJob\nfrom netbox.constants import RQ_QUEUE_LOW\n"
    )

    assert found == [
        "1: look: from pgjobs.netbox import Job",
        "2: from pgjobs.compat.rq import RQ_QUEUE_LOW",
    ]


def test_a_receiver_of_saved_jobs_is_something_to_look_at(told: Tell) -> None:
    found = told(
        "from django.db.models.signals import post_save\nfrom django.dispatch import receiver\n"
        "from netbox.jobs import Job\n"
        "@receiver(post_save, sender=Job)\ndef f(**_): ...\n"
        "post_save.connect(f, sender=Job)\npost_save.connect(f, sender=Site)\n"
    )

    advice = "look: a receiver of job_enqueued, job_start or job_end of pgjobs"
    assert found[1:] == [f"4: {advice}", f"6: {advice}"]


# Alike ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "from celery_progress import shared_task\n@shared_task\ndef f(): ...\n",
        "from shop.celery import shared_task\n@shared_task\ndef f(): ...\n",
        "class celery:\n    shared_task = property\n@celery.shared_task\ndef f(): ...\n",
        "queue.enqueue(f, on_success=g)\nfrom queue import Queue\nQueue('a', connection=1)\n",
        "from core.models import Job\nJob.enqueue(f, name='x')\n",
        "SCHEDULE.update({'a': {'task': 'f', 'schedule': 5}})\n",
        "scheduler = Scheduler()\nscheduler.cron('* * * * *', f)\n",
        "from rqlib import job\n@job\ndef f(): ...\n",
    ],
)
def test_names_that_only_look_alike_are_left_alone(text: str, told: Tell) -> None:
    assert told(text) == []
