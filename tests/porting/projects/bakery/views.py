from bakery.tasks import send_receipt


def pay(request, order):
    send_receipt.delay(order.pk)
    send_receipt.apply_async((order.pk,), {"copy_to": "office"}, countdown=60)
