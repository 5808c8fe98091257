from .celery import app as the_app
