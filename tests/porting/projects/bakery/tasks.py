from celery import shared_task


@shared_task(bind=True, max_retries=5, rate_limit="10/m")
def send_receipt(self, order_id, copy_to=None):
    try:
        post(order_id, copy_to)
    except OSError as error:
        raise self.retry(exc=error, countdown=30)
