"""The job of NetBox stands in for NetBox's own, and for the job of pgjobs."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.db.models import F, Q
from django.db.models.signals import post_save
from django.test import TestCase
from django.utils import timezone

from pgjobs import job_enqueued, models, netbox
from pgjobs.netbox import JobRunner, JobStatusChoices
from tests.apps.netboxed.models import Rack
from tests.apps.testapp.jobs import Noop

pytestmark = pytest.mark.django_db


class Surveys(JobRunner):
    class Meta:
        name = "Survey"

    def run(self, **kwargs: Any) -> None:
        self.logger.info("measured %s", "all")


def test_job_id_stands_for_the_key_in_every_part_of_a_query() -> None:
    first, second = Surveys.enqueue(), Surveys.enqueue()
    jobs = netbox.Job.objects

    assert jobs.get(Q(job_id=first.job_id) | Q(name="nobody")) == first
    assert [*jobs.exclude(~Q(job_id__in=[second.job_id]))] == [second]
    assert [*jobs.order_by("-job_id")] == [second, first]
    assert jobs.order_by("job_id").values("job_id", "name").first() == {
        "job_id": first.pk,
        "name": "Survey",
    }
    assert [*jobs.order_by("job_id").values_list("job_id", flat=True)] == [first.pk, second.pk]
    assert jobs.filter(pk=F("job_id")).count() == 2
    assert jobs.only("job_id").get(job_id=first.job_id).name == "Survey"
    assert jobs.defer("log_entries", "data").filter(job_id=str(first.job_id)).exists()


def test_another_model_keeps_a_field_of_its_own_with_this_name() -> None:
    job = Surveys.enqueue()
    Surveys.handle(job)

    assert netbox.Job.objects.filter(log_entries__job_id=job.pk).count() == 1


def test_the_jobs_of_an_object_have_the_shapes_of_netbox() -> None:
    rack = Rack.objects.create(name="R1")
    job = Surveys.enqueue(rack)
    Surveys.handle(job)
    ada = get_user_model().objects.create_superuser("ada")

    found = rack.jobs.restrict(ada, "view").get(job_id=job.job_id)

    assert type(found) is netbox.Job
    assert found.log_entries[0]["message"] == "measured all"
    assert type(rack.get_latest_jobs().get()) is netbox.Job
    assert [*Rack.objects.prefetch_related("jobs")[0].jobs.all()] == [job]
    rack.delete()
    assert not models.Job.objects.exists()


def test_the_log_is_a_list_of_dicts_and_the_query_set_of_its_rows() -> None:
    job = Surveys.enqueue()
    Surveys.handle(job)
    entries = netbox.Job.objects.get(pk=job.pk).log_entries

    assert [entry["level"] for entry in entries] == ["info"]
    assert entries.all().get().message == "measured all"
    assert entries.filter(level="error").count() == 0
    assert (entries.count(), len(entries), entries.count("other")) == (1, 1, 0)
    with pytest.raises(AttributeError, match="lines"):
        _ = entries.lines


def test_enqueue_once_takes_the_moment_and_the_interval_by_position() -> None:
    rack = Rack.objects.create(name="R1")
    moment = timezone.now()

    job = Surveys.enqueue_once(rack, moment, 60)

    assert (job.object, job.scheduled, job.interval) == (rack, moment, 60)
    assert Surveys.enqueue_once(instance=rack, schedule_at=moment, interval=60) == job


def test_a_job_is_saved_by_the_model_that_inserts_it_and_told_of_by_one_signal() -> None:
    saved, enqueued = [], []

    def hear_saved(sender: Any, created: bool, **_: Any) -> None:
        if issubclass(sender, models.Job):
            saved.append((sender, created))

    def hear_enqueued(job: Any, **_: Any) -> None:
        enqueued.append(job.name)

    post_save.connect(hear_saved)
    job_enqueued.connect(hear_enqueued)
    try:
        with TestCase.captureOnCommitCallbacks(execute=True):
            job = Surveys.enqueue()
            Noop.enqueue()
        Surveys.handle(job)
    finally:
        post_save.disconnect(hear_saved)
        job_enqueued.disconnect(hear_enqueued)

    assert saved == [(netbox.Job, True), (models.Job, True)]
    assert enqueued == ["Survey", Noop.name]


def test_the_choices_serve_the_fields_of_a_form() -> None:
    class Form(forms.Form):
        status = forms.MultipleChoiceField(choices=JobStatusChoices)
        interval = forms.ChoiceField(choices=netbox.JobIntervalChoices)

    form = Form({"status": ["errored"], "interval": "60"})

    assert form.is_valid(), form.errors
    assert "Hourly" in form.as_p()
    assert [*JobStatusChoices] == JobStatusChoices()  # type: ignore[comparison-overlap]
    assert JobStatusChoices.colors["errored"] == "red"
    assert netbox.JobIntervalChoices.colors == {}
