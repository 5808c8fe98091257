"""Nothing of Celery, although some words look like it."""

from itertools import chain, groupby as group


class Timer:
    def delay(self, seconds):
        return seconds

    def retry(self):
        return self.delay(1)


def chord(*notes):
    return chain(notes)


timer = Timer()
timer.delay(5)
chord(1, 2).s = group
CELERITY = 3


def run(shared_task, app):
    shared_task()
    return app.task
