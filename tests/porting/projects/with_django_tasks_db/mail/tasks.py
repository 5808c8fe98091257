from django_tasks import task
from django_tasks_db.models import DBTaskResult


@task(queue_name="mail")
def send(to):
    return to


def failed():
    send.enqueue("ops@example.org")
    return DBTaskResult.objects.failed()
