def send(order_id, copy=False):
    return order_id


def tidy():
    pass


def told(task):
    print(task.result)


def unused():
    pass
