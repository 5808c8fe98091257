from site import the_app


@the_app.task
def send(to):
    pass
