import time

from celery import Task, shared_task
from celery import shared_task as st
from celery.exceptions import MaxRetriesExceededError, SoftTimeLimitExceeded
from celery.utils.log import get_task_logger

from proj.celery import app

logger = get_task_logger(__name__)


@shared_task
def send_digest(group="staff"):
    logger.info("sending to %s", group)


@shared_task(bind=True, max_retries=5, default_retry_delay=60, queue="slow")
def import_feed(self, url, full=False):
    try:
        fetch(url, self.request.id)
    except OSError as error:
        raise self.retry(exc=error, countdown=2 ** self.request.retries)
    except SoftTimeLimitExceeded:
        self.update_state(state="LATE")


@shared_task(
    autoretry_for=(ConnectionError, TimeoutError),
    retry_backoff=True,
    max_retries=None,
    soft_time_limit=50,
    time_limit=60,
    acks_late=True,
)
def push(order_id, copy_to=None):
    time.sleep(1)


@app.task(name="shop.tidy", ignore_result=True, rate_limit="10/m")
def tidy():
    import_feed.delay("https://example.org")


@st(autoretry_for=(OSError,), retry_kwargs={"max_retries": 2, "countdown": 5}, priority=PRIORITY)
def report():
    return 1


@shared_task(
    autoretry_for=(OSError,),  # the network
    retry_backoff=BACKOFF,
    retry_jitter=False,
)
def ping():
    report.apply_async(
        countdown=60,  # a minute
        queue="slow",
    )


class Counted(Task):
    def run(self):
        try:
            push(1)
        except MaxRetriesExceededError:
            pass
