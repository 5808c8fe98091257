"""The jobs of tests/apps/ported, with the imports that they have in a plugin."""

from __future__ import annotations

import logging
import signal
import time

from django.contrib.auth import get_user_model
from django.db.models.signals import post_save

from core.choices import JobIntervalChoices, JobNotificationChoices, JobStatusChoices
from core.exceptions import JobFailed
from core.models import Job
from netbox.jobs import JobRunner, system_job
from rq.timeouts import JobTimeoutException
from utilities.request import copy_safe_request
from utilities.rqworker import get_queue_for_model, get_workers_for_queue


# The job's lines are collected by a handler of its own, which stays on the logger. Signals of the
# models are switched off meanwhile. An enqueue() of its own gives the timeout.
class MergeBranch(JobRunner):
    class Meta:
        name = "Merge branch"

    class Lines(logging.Handler):
        def __init__(self, job):
            super().__init__()
            self.job = job

        def emit(self, record):
            self.job.data["log"].append(record.getMessage())

    @classmethod
    def enqueue(cls, *args, **kwargs):
        return super().enqueue(*args, job_timeout=3600, **kwargs)

    def run(self, commit=True, *args, **kwargs):
        self.job.data = {"log": []}
        logger = logging.getLogger("ported.merge")
        logger.setLevel(logging.DEBUG)
        logger.addHandler(self.Lines(self.job))
        receivers, post_save.receivers = post_save.receivers, []
        post_save.sender_receivers_cache.clear()
        try:
            logger.info("merging")
            logger.info("merged: %s", commit)
        finally:
            post_save.receivers = receivers
            post_save.sender_receivers_cache.clear()


# A system job that fails in words.
@system_job(interval=JobIntervalChoices.INTERVAL_HOURLY)
class SyncPeers(JobRunner):
    class Meta:
        name = "Sync peers"

    def run(self, *args, **kwargs):
        self.logger.warning("no peer answers")
        raise JobFailed("No peer answers.")


# The job's data is its progress and its result, saved in mid-run.
class SyncDevices(JobRunner):
    class Meta:
        name = "Sync devices"

    def run(self, *args, **kwargs):
        for number in range(3):
            self.job.data = {"done": number + 1, "total": 3}
            self.job.save(update_fields=["data"])


# Arguments that are keyed by ids.
class SyncSensors(JobRunner):
    class Meta:
        name = "Sync sensors"

    def run(self, sensors=None, **kwargs):
        self.job.data = sensors


# A schedule that its module makes sure of, at each import.
class PollOrganisations(JobRunner):
    class Meta:
        name = "Poll organisations"

    def run(self, *args, **kwargs):
        pass


def schedule_polling():
    return PollOrganisations.enqueue_once(interval=JobIntervalChoices.INTERVAL_DAILY)


# The request travels along.
class CompareConfigs(JobRunner):
    class Meta:
        name = "Compare configs"

    def run(self, request=None, **kwargs):
        self.job.data = {
            "user": request.user.username,
            "post": request.POST.getlist("device"),
            "address": request.build_absolute_uri("/devices/"),
            "status": self.job.status == JobStatusChoices.STATUS_RUNNING,
        }


def compare(request, safe=True):
    return CompareConfigs.enqueue(
        user=request.user,
        notifications=JobNotificationChoices.NOTIFICATION_ON_FAILURE,
        request=copy_safe_request(request) if safe else request,
    )


def collect(job, *args, **kwargs):
    """Be a function that RQ would have pickled."""


def enqueue_function():
    return Job.enqueue(collect, name="Collect")


# A name for each job, jobs found again by it and by job_id, and the log read back.
class SyncCluster(JobRunner):
    class Meta:
        name = "Sync cluster"

    def run(self, cluster, *args, **kwargs):
        self.logger.info("syncing %s", cluster)
        self.logger.error("%s does not answer", cluster)


def sync_cluster(cluster, user):
    job = SyncCluster.enqueue(name=f"Sync {cluster}", user=user, cluster=cluster)
    found = Job.objects.restrict(user, "view").filter(job_id=job.job_id)
    assert [each.name for each in found] == [f"Sync {cluster}"]
    return job


def levels(job):
    job = Job.objects.get(job_id=job.job_id)
    return [entry["level"] for entry in job.log_entries]


# Only the main thread may set a handler of a signal.
class BackUpConfig(JobRunner):
    class Meta:
        name = "Back up config"

    def run(self, *args, **kwargs):
        def stop(*_):
            raise TimeoutError

        previous = signal.signal(signal.SIGALRM, stop)
        signal.alarm(5)
        self.job.data = {"backed_up": True}
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


# The name is the key against duplicates.
class ExportNode(JobRunner):
    class Meta:
        name = "Export node"

    def run(self, *args, **kwargs):
        pass


def export_node(node):
    name = f"Export {node}"
    waiting = Job.objects.filter(name=name, status__in=JobStatusChoices.ENQUEUED_STATE_CHOICES)
    return waiting.first() or ExportNode.enqueue(name=name)


# The queue is asked for by the name of a model, and its workers before the job is enqueued.
class RunScript(JobRunner):
    class Meta:
        name = "Run script"

    def run(self, *args, **kwargs):
        try:
            for _ in range(600):
                time.sleep(0.1)
        except JobTimeoutException:
            self.job.data = {"stopped": "cleanly"}
            raise


def run_script(instance):
    queue = get_queue_for_model(instance._meta.model_name)
    return get_workers_for_queue(queue), RunScript.enqueue(queue_name=queue, job_timeout=1)


# A job about an object whose model is no JobsMixin.
class UpdateRobot(JobRunner):
    class Meta:
        name = "Update robot"

    def run(self, *args, **kwargs):
        pass


def update_robot():
    user = get_user_model().objects.first()
    return UpdateRobot.enqueue(instance=user)
