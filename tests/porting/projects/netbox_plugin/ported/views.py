import django_rq
from core.choices import JobStatusChoices as Choices, ObjectChangeActionChoices
from core.models import Job as CoreJob
from netbox.jobs import *
from netbox.models import NetBoxModel
from netbox.models.features import JobsMixin
from netbox.registry import registry
from netbox.views import generic
from rq.job import Job as RQJob
from utilities.rqworker import get_rq_retry

from .jobs import CompareConfigs, SyncSensors, collect


class Site(JobsMixin, NetBoxModel):
    pass


class SiteJobs(generic.ObjectJobsView):
    pass


def start(request, site):
    CompareConfigs.enqueue(instance=site, request=request, scheduled_at=site.when)
    SyncSensors.enqueue(sensors={1: "a", 2: "b"})
    SyncSensors.enqueue_once(sensors={sensor.pk: sensor.name for sensor in site.sensors.all()})
    CoreJob.enqueue(collect, instance=site)
    CoreJob(job_id=1, name=registry["x"])
    form = site.form
    form.enqueue(request=request)
    return django_rq.get_queue("default"), RQJob.fetch("1"), Choices.STATUS_ERRORED
