"""The names of NetBox: their shapes, and when they can be imported."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client, RequestFactory, override_settings
from django.urls import path

import pgjobs
from pgjobs import models, netbox
from pgjobs.exceptions import InvalidArgument
from pgjobs.netbox import JobRunner, JobStatusChoices, ObjectJobsView, copy_safe_request
from tests.apps.testapp.models import Site
from tests.support.rows import a_site, a_worker


class NamedJobsView(ObjectJobsView):
    def get_jobs(self, instance: Any) -> Any:
        return netbox.Job.objects.filter(name=f"Survey of {instance}")


urlpatterns = [
    path("sites/<int:pk>/jobs/", ObjectJobsView.as_view(), kwargs={"model": Site}),
    path("sites/<int:pk>/surveys/", NamedJobsView.as_view(), kwargs={"model": Site}),
]


@pgjobs.job
def tidy() -> None: ...


class Greets(JobRunner):
    class Meta:
        name = "Greets"

    def run(self, *args: Any, **kwargs: Any) -> None:
        self.logger.info("hello %s", self.job.log_entries)


class GreetsSlowly(JobRunner):
    async def run(self, who: str = "you") -> str:
        return f"hello {who}"


@pytest.mark.parametrize("name", netbox.__all__)
def test_each_name_can_be_imported(name: str) -> None:
    assert getattr(netbox, name) is not None


def test_another_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(AttributeError, match="It has: BackgroundJob, Job"):
        _ = netbox.event_tracking
    with pytest.raises(ImportError, match=r"Did you mean JobStatusChoices\?"):
        from pgjobs.netbox import JobStatusChoice  # noqa: F401
    assert not hasattr(netbox, "event_tracking")


def test_a_submodule_is_imported_as_ever() -> None:
    from pgjobs.netbox import views

    assert views.ObjectJobsView is ObjectJobsView


def test_a_plugin_imports_its_config_before_the_models_are_loaded() -> None:
    script = "from pgjobs.netbox import PluginConfig, JobRunner, system_job, JobStatusChoices"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_choices_have_the_constants_and_shapes_of_netbox() -> None:
    assert JobStatusChoices.STATUS_COMPLETED == "completed"
    assert "running" in JobStatusChoices.ENQUEUED_STATE_CHOICES
    assert set(JobStatusChoices.TERMINAL_STATE_CHOICES) == {
        "completed",
        "errored",
        "failed",
        "cancelled",
    }
    assert dict(JobStatusChoices)["pending"] == "Pending"
    assert JobStatusChoices.values()[0] == "pending"
    assert netbox.JobIntervalChoices.INTERVAL_WEEKLY == 10080
    assert netbox.JobNotificationChoices.NOTIFICATION_NEVER == "never"


def test_the_model_of_netbox_needs_no_migration(db: None) -> None:
    assert netbox.Job._meta.db_table == models.Job._meta.db_table
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_a_run_has_the_job_of_netbox(db: None) -> None:
    job = Greets.enqueue()
    assert isinstance(job, netbox.Job)
    Greets.handle(job)
    assert netbox.Job.objects.get(pk=job.pk).log_entries[0]["message"] == "hello []"


def test_a_coroutine_runs_as_one(db: None) -> None:
    job = GreetsSlowly.enqueue(who="Ada")
    GreetsSlowly.handle(job)
    assert models.Job.objects.get(pk=job.pk).result == "hello Ada"


def test_the_arguments_are_held_to_those_of_run(db: None) -> None:
    with pytest.raises(InvalidArgument, match="Did you mean who"):
        GreetsSlowly.enqueue(whom="Ada")


def test_a_name_that_no_row_can_hold_is_refused(db: None) -> None:
    with pytest.raises(InvalidArgument, match="at most 200"):
        Greets.enqueue(name="x" * 201)
    assert not models.Job.objects.exists()


def test_a_row_by_hand_is_refused_with_what_to_write() -> None:
    with pytest.raises(InvalidArgument, match=r"Job\.enqueue"):
        netbox.Job(job_id="7", name="by hand")


def test_restrict_shows_a_user_the_jobs_that_the_permissions_allow(db: None, settings: Any) -> None:
    Greets.enqueue()
    user = get_user_model().objects.create_user("eve")
    assert not netbox.Job.objects.restrict(user).exists()
    user.user_permissions.add(Permission.objects.get(codename="view_job"))
    user = get_user_model().objects.get(pk=user.pk)
    assert netbox.Job.objects.restrict(user, "view").count() == 1
    assert not netbox.Job.objects.restrict(user, "delete").exists()
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.access.hooks.shows_none"}
    assert not netbox.Job.objects.restrict(user).exists()


def test_workers_are_counted_by_the_queues_that_they_serve(db: None) -> None:
    assert not netbox.any_workers_for_queue("default")
    a_worker(queues=["default"], has_session_lock=False)
    assert netbox.get_workers_for_queue("default") == 1
    assert netbox.get_workers_for_queue("low") == 0


def test_the_registry_has_the_system_jobs(no_system_jobs: None) -> None:
    netbox.system_job(5)(Greets)
    tidy.setup(interval=7)  # plugins look for the attributes of classes
    assert netbox.registry["system_jobs"] == {Greets: {"interval": 5}}
    with pytest.raises(KeyError, match="system_jobs"):
        _ = netbox.registry["views"]


def test_a_request_with_files_is_refused_unless_they_are_left_out() -> None:
    request = RequestFactory().post("/", {"file": SimpleUploadedFile("a.txt", b"x")})
    with pytest.raises(InvalidArgument, match="include_files=False"):
        copy_safe_request(request)
    assert copy_safe_request(request, include_files=False).FILES == {}


def test_a_copy_of_a_request_has_no_secret() -> None:
    request = RequestFactory().get(
        "/", HTTP_AUTHORIZATION="Token s3cr3t", HTTP_COOKIE="session=s3cr3t"
    )
    assert "s3cr3t" not in str(copy_safe_request(request))
    with pytest.raises(AttributeError, match="headers"):
        _ = copy_safe_request(request).headers


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_the_jobs_of_an_object_have_a_page_for_those_who_may_see_them(client: Client) -> None:
    site = a_site("Lund")
    job = Greets.enqueue(site)
    url = f"/sites/{site.pk}/jobs/"
    assert client.get(url).status_code == 302
    client.force_login(get_user_model().objects.create_user("eve"))
    assert client.get(url).status_code == 403
    client.force_login(get_user_model().objects.create_superuser("ada"))
    assert f"#{job.pk}" in client.get(url).content.decode()
    assert client.get("/sites/0/jobs/").status_code == 404


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_a_view_of_a_plugin_chooses_the_jobs_of_its_page(client: Client) -> None:
    site = a_site("Lund")
    own, chosen = Greets.enqueue(site), Greets.enqueue(name="Survey of Lund")
    client.force_login(get_user_model().objects.create_superuser("ada"))

    page = client.get(f"/sites/{site.pk}/surveys/").content.decode()

    assert f"#{chosen.pk}<" in page
    assert f"#{own.pk}<" not in page
