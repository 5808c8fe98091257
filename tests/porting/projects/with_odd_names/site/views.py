from django_q.tasks import async_task
from site import work
from site.work import deliver

import pgjobs


@pgjobs.job
def ported(number):
    pass


class Form:
    from celery import chain

    async_task = chain

    def save(self):
        async_task(ported, 1)
        async_task("site.views.ported", number=1)

    def chained(self, deliver):
        deliver.apply_async()
        deliver.si(1)


def view(request):
    CELERY_TASKS = 1
    work.deliver.apply_async(["a"])
    deliver.chunks([("a",)], 2).apply_async()
    signature = deliver.s("a")
    return CELERY_TASKS


def shadowed(async_task, queue):
    async_task(ported, 1)
    queue.enqueue(job_id=7)  # no queue of rq
