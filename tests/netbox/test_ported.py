"""Jobs in the shapes of public NetBox plugins: what runs by imports alone, and what is told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from pgjobs import models
from pgjobs.exceptions import InvalidArgument
from pgjobs.netbox import Job, copy_safe_request
from tests.apps.ported import jobs
from tests.support.environment import Environment, with_apps, with_settings
from tests.support.markdown import DOCS, table
from tests.support.registry import forget_system_job
from tests.support.rows import a_site
from tests.support.worker_process import run_burst

# Workers in the processes of other tests would run it.
forget_system_job(jobs.SyncPeers)

RUNS, WITH_PROCESS, REFUSED = "runs", "runs with a process of its own", "is refused at the call"

SHAPES = {
    "`job.data` saved in mid-run": RUNS,
    "`@system_job`, `JobFailed`": RUNS,
    "`enqueue_once()` at import": RUNS,
    "`request=copy_safe_request(request)`": RUNS,
    "`name=` for a class, as the key against duplicates": RUNS,
    "`restrict()`, `filter(job_id=…)`, `log_entries` as dicts": RUNS,
    "`get_queue_for_model()` with a string, `JobTimeoutException`": RUNS,
    "a log handler that stays on its logger": WITH_PROCESS,
    "`signal.signal()` in `run()`": WITH_PROCESS,
    "a pickled request": REFUSED,
    "a dict with integer keys": REFUSED,
    "a function without `@register`": REFUSED,
    "an object whose model is no `JobsMixin`": REFUSED,
}
"""Each shape, with what becomes of it. The migration guide has the same table."""


@pytest.fixture
def environment(child_environment: Environment) -> Environment:
    return with_apps(child_environment, "ported")


@pytest.fixture
def user(db: None) -> Any:
    return get_user_model().objects.create_superuser("ada")


def after_burst(environment: Environment, job: Any) -> models.Job:
    run_burst(environment)
    return models.Job.objects.get(pk=job.pk)


def test_the_migration_guide_has_this_table() -> None:
    rows = table(DOCS / "migrating.md", "Shape")
    assert {shape: outcome.split(":")[0] for shape, outcome, *_ in rows} == SHAPES


def test_data_that_is_saved_in_mid_run_is_kept(environment: Environment) -> None:
    job = after_burst(environment, jobs.SyncDevices.enqueue())
    assert (job.status, job.data) == ("completed", {"done": 3, "total": 3})


def test_a_system_job_fails_in_words(environment: Environment) -> None:
    job = after_burst(environment, jobs.SyncPeers.enqueue())
    assert (job.status, job.error) == ("failed", "No peer answers.")


def test_a_schedule_that_is_made_at_import_stays_one(environment: Environment) -> None:
    assert jobs.schedule_polling() == jobs.schedule_polling()
    assert after_burst(environment, jobs.schedule_polling()).status == "completed"
    assert models.Job.objects.live().count() == 1


def test_a_copy_of_a_request_reaches_run(environment: Environment, user: Any) -> None:
    request = RequestFactory().post("/compare/?a=1", {"device": ["one", "two"]})
    request.user = user
    job = after_burst(environment, jobs.compare(request))
    assert job.status == "completed", job.error
    assert job.data == {
        "user": "ada",
        "post": ["one", "two"],
        "address": "http://testserver/devices/",
        "status": True,
    }


def test_a_job_of_a_class_has_a_name_of_its_own(environment: Environment) -> None:
    first = jobs.export_node("n1")
    assert (first.name, jobs.export_node("n1")) == ("Export n1", first)
    assert jobs.export_node("n2") != first
    assert after_burst(environment, first).name == "Export n1"


def test_jobs_are_found_by_user_and_job_id_and_their_log_reads_as_dicts(
    environment: Environment, user: Any
) -> None:
    job = jobs.sync_cluster("pve", user)
    run_burst(environment)
    entries = Job.objects.get(job_id=job.job_id).log_entries
    assert jobs.levels(job) == ["info", "error"]
    assert [(entry["level"], entry["message"]) for entry in entries] == [
        ("info", "syncing pve"),
        ("error", "pve does not answer"),
    ]


def test_a_queue_is_found_by_the_name_of_a_model_and_a_timeout_can_be_caught(
    environment: Environment,
) -> None:
    workers, job = jobs.run_script(a_site())
    assert workers == 0
    ended = after_burst(environment, job)
    assert (ended.status, ended.data) == ("errored", {"stopped": "cleanly"})


def test_a_handler_that_stays_writes_into_its_own_job_in_a_fresh_process(
    environment: Environment,
) -> None:
    merges = [jobs.MergeBranch.enqueue() for _ in range(4)]
    run_burst({**environment, **isolation(environment, "fresh_process")})
    lines = [models.Job.objects.get(pk=job.pk).data["log"] for job in merges]
    assert lines == [["merging", "merged: True"]] * 4
    assert models.Job.objects.get(pk=merges[0].pk).timeout == 3600


def test_a_signal_can_be_handled_in_a_process(environment: Environment) -> None:
    job = jobs.BackUpConfig.enqueue()
    run_burst({**environment, **isolation(environment, "process")})
    assert models.Job.objects.get(pk=job.pk).data == {"backed_up": True}


def isolation(environment: Environment, kind: str) -> Environment:
    return {"PGJOBS": with_settings(environment, ISOLATION=kind)["PGJOBS"]}


def test_a_pickled_request_is_refused_with_the_line_to_write(user: Any) -> None:
    request = RequestFactory().get("/")
    request.user = user
    with pytest.raises(InvalidArgument, match=re.escape("request=copy_safe_request(request)")):
        jobs.compare(request, safe=False)


def test_integer_keys_are_refused_with_the_line_to_write(db: None) -> None:
    with pytest.raises(InvalidArgument, match=re.escape("{str(key): value for key, value in")):
        jobs.SyncSensors.enqueue(sensors={7: "a"})


def test_a_function_without_register_is_refused_with_the_line_to_write(db: None) -> None:
    with pytest.raises(InvalidArgument, match=r"@pgjobs\.register"):
        jobs.enqueue_function()


def test_an_object_without_the_mixin_is_refused_with_the_line_to_write(user: Any) -> None:
    with pytest.raises(InvalidArgument, match="JobsMixin"):
        jobs.update_robot()


def test_a_request_of_nobody_is_copied_without_a_user(db: None) -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    assert copy_safe_request(request).user is None
