"""Writes schedules of every kind, with the models of their packages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import django

django.setup()

from django_celery_beat.models import (  # noqa: E402
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from django_q.models import Schedule  # noqa: E402

TASKS = "tests.porting.kept.tasks"
SUMMER = datetime(2026, 7, 31, 3, 15, tzinfo=UTC)  # 05:15 in Berlin


def celery(name: str, task: str = f"{TASKS}.tidy", **fields: Any) -> None:
    PeriodicTask.objects.create(name=name, task=task, **fields)


def crontab(zone: str = "Europe/Berlin", **fields: str) -> CrontabSchedule:
    return CrontabSchedule.objects.create(timezone=zone, **fields)


def interval(every: int, period: str) -> IntervalSchedule:
    return IntervalSchedule.objects.create(every=every, period=period)


def plant_celery() -> None:
    celery(
        'Nightly "digest"',
        f"{TASKS}.send",
        crontab=crontab(minute="15", hour="3"),
        args='[7, "é", null]',
        kwargs='{"full": true}',
        queue="low",
        priority=3,
    )
    celery("each 10 minutes", interval=interval(10, "minutes"))
    celery("every 90 s", interval=interval(90, "seconds"))
    celery("two days", interval=interval(2, "days"))
    celery("in Oslo", crontab=crontab("Europe/Oslo", minute="0", hour="*/4"))
    celery("both", crontab=crontab(minute="0", hour="4", day_of_month="1", day_of_week="monday"))
    celery("off", crontab=crontab(minute="5"), enabled=False)
    celery(
        "class",
        f"{TASKS}.send",
        interval=interval(3, "hours"),
        kwargs='{"class": 1}',
        expire_seconds=60,
    )
    celery("no JSON", f"{TASKS}.send", interval=interval(1, "hours"), args="[1,")
    celery("odd name!", "send_it", interval=interval(5, "minutes"))
    celery(
        "sunset",
        solar=SolarSchedule.objects.create(event="sunset", latitude=52.5, longitude=13.4),
    )
    celery(
        "once",
        clocked=ClockedSchedule.objects.create(clocked_time=SUMMER),
        one_off=True,
        kwargs='{"a": 1}',
    )
    celery("not a number", f"{TASKS}.send", interval=interval(4, "hours"), args="[NaN]")
    celery("deep", f"{TASKS}.send", interval=interval(5, "hours"), args="[" * 100_000)
    celery("for ever", interval=interval(2**31 - 1, "days"))
    celery(
        "once with a place",
        f"{TASKS}.send",
        clocked=ClockedSchedule.objects.create(clocked_time=SUMMER.replace(day=1)),
        one_off=True,
        args="[7]",
    )
    celery("celery.backend_cleanup", "celery.backend_cleanup", crontab=crontab(hour="4"))


def q(name: str, kind: str, func: str = f"{TASKS}.tidy", **fields: Any) -> None:
    Schedule.objects.create(name=name, schedule_type=kind, func=func, **fields)


def plant_q() -> None:
    q("q minutes", "I", minutes=5)
    q("q hourly", "H")
    q("q daily", "D", next_run=SUMMER)
    q("q weekly", "W", next_run=SUMMER)
    q("q sunday", "W", next_run=SUMMER.replace(day=26))
    q("class", "I", minutes=7)
    q("q biweekly", "BW", next_run=SUMMER)
    q("q monthly", "M", next_run=SUMMER)
    q("q bimonthly", "BM", next_run=SUMMER.replace(day=1))
    q("q quarterly", "Q", next_run=SUMMER.replace(day=1))
    q("q yearly", "Y", next_run=SUMMER.replace(day=1))
    q("q cron", "C", cron="*/20 6-18 * * 1-5", cluster="low")
    q("q seconds", "C", cron="* * * * * */10")
    q("q args", "H", f"{TASKS}.send", args="1, 'two'", kwargs="x=3, y='z'", repeats=4)
    q("q dict", "H", f"{TASKS}.send", args="'one'", kwargs="{'x': [1], 'q_options': {'ack': 1}}")
    q("q broken", "H", f"{TASKS}.send", args="1 +", hook="shop.told")
    q("q unhashable", "H", f"{TASKS}.send", kwargs="{[1]: 2}")
    q("q unpacked", "H", f"{TASKS}.send", kwargs="a=1, **others")
    q("q named rule", "C", cron="@daily")
    q("q ended", "H", repeats=0)
    q("q once", "O", f"{TASKS}.send", next_run=SUMMER, kwargs="a=1")


plant_celery()
plant_q()
