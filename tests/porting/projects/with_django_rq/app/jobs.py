import django_rq
from django_rq import get_queue, job
from rq import Callback, Retry, get_current_job
from rq.job import Job as RQJob
from rq.registry import FailedJobRegistry
from rq.timeouts import JobTimeoutException
from rq_scheduler import Scheduler

from .models import Nightly


@job("reports", timeout=600)
def report(year):
    try:
        print(get_current_job().id)
    except JobTimeoutException:
        raise


def send(order_id):
    pass


def enqueue_all(order):
    report.delay(2026)
    django_rq.enqueue(send, order.pk)
    queue = get_queue("reports")
    first = queue.enqueue(report, 2026, job_timeout=60, retry=Retry(max=3))
    queue.enqueue(send, order.pk, depends_on=first, on_failure=None)
    queue.enqueue_in(DELAY, send, order.pk, job_id="x")
    queue.enqueue(send, order.pk, on_success=Callback(send))
    Nightly.enqueue(depends_on=first)
    return RQJob.fetch(first.id), FailedJobRegistry(queue=queue), Scheduler(queue=queue)
