from datetime import timedelta
from itertools import chain

import celery
from celery import chord, group
from celery.result import AsyncResult
from django.db import transaction
from django.utils import timezone

from . import tasks
from .tasks import push, report, tidy as clean


def order(request, order):
    transaction.on_commit(lambda: push.delay(order.pk))
    push.apply_async((order.pk,), {"copy_to": "office"}, countdown=30, queue="slow")
    push.apply_async(args=[order.pk], eta=timezone.now() + timedelta(hours=1), priority=9)
    push.apply_async(kwargs=request.POST, expires=60, link=report.s())
    tasks.send_digest.apply_async()
    clean.apply()


def numbers(request):
    celery.chain(push.s(1), report.si())()
    chord(group(push.s(each) for each in chain([1], [2])), report.s()).delay()
    result = report.delay()
    print(result.id, result.get(timeout=5), report.delay(1).get())
    return AsyncResult(request.GET["id"]).status


def unseen(task):
    task.apply_async(countdown=1)
    task.delay(1)
    request = {}
    return request.get("status")
