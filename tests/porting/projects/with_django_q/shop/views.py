from django_q.models import Failure, Schedule
from django_q.tasks import Chain, async_task, fetch, result
from django_q.tasks import schedule as plan

from shop import services
from shop.services import send


def order(request, order):
    async_task(send, order.pk, copy=True)
    async_task("shop.services.send", order.pk, timeout=30, hook="shop.services.told")
    async_task(services.send, order.pk, group="orders", q_options={"task_name": "x"})
    async_task("math.copysign", 2, -2)
    task_id = async_task(send, order.pk)
    print(fetch(task_id), result(task_id, 200), Failure.objects.count())
    chain = Chain(cached=True)
    chain.append(send, 1)


def plans():
    plan("shop.services.tidy", schedule_type=Schedule.HOURLY)
    plan("shop.services.tidy", name="each night", schedule_type="C", cron="15 3 * * *")
    plan("shop.services.send", 7, schedule_type=Schedule.MINUTES, minutes=5, repeats=3)
    Schedule.objects.create(func="shop.services.tidy", schedule_type=Schedule.MONTHLY)
    Schedule.objects.get_or_create(
        func="shop.services.tidy",
        defaults={"schedule_type": Schedule.ONCE, "next_run": TOMORROW},
    )
