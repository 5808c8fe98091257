"""Words that the old systems have, with other meanings."""

from core.models import Job
from pgjobs.netbox import JobRunner

RQ = 1
JOB_RETENTION = 3


def celery():
    """Not the celery of a worker: `celery -A proj worker`."""
    job = Job()
    job.enqueue()
    return {"BACKEND": "django.core.cache", "celery": "vegetable"}, JobRunner
