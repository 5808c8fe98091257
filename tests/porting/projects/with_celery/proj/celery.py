import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import task_failure, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "proj.settings")

app = Celery("proj")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def setup_periodic_tasks(sender, **kwargs):
    from shop.tasks import send_digest

    sender.add_periodic_task(crontab(hour=7, minute=30, day_of_week="monday"), send_digest.s())
    sender.add_periodic_task(30.0, send_digest.s("all"), name="twice a minute")


@task_failure.connect
def tell(sender=None, exception=None, **kwargs):
    print(exception)


@worker_ready.connect
def warm_up(**kwargs):
    pass
