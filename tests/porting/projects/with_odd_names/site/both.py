try:
    from celery import shared_task
except ImportError:
    shared_task = None

if True:
    from django_tasks import task
else:
    from django.tasks import task


@shared_task
def one():
    pass


@task
def two():
    pass


async def three():
    one.apply_async()
    return [one.apply_async(countdown=each) for each in range(3)]
