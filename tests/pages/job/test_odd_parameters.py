"""Forms for parameters with odd annotations, and for stored arguments of another kind."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from pgjobs import BackgroundJob
from pgjobs.models import Job
from pgjobs.registry import names
from tests.apps.testapp.jobs import Typed
from tests.support.rows import a_job
from tests.support.staff import shown

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("annotation", [[str], {}, {"a": int}, [], 5, ...], ids=str)
def test_an_annotation_that_is_no_type_has_a_field_for_json(
    annotation: Any, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(self: Any, what: Any) -> None: ...

    run.__annotations__ = {"what": annotation}
    monkeypatch.setattr(names, "_targets", dict(names._targets))
    meta = type("Meta", (), {"launchable": True})
    odd: Any = type("Odd", (BackgroundJob,), {"run": run, "Meta": meta})
    address = f"/jobs/enqueue/{odd.path}/"

    assert 'name="arg-what"' in shown(admin_client, address)
    admin_client.post(address, {"arg-what": '["a"]'})

    assert Job.objects.get().kwargs == {"what": ["a"]}


@pytest.mark.parametrize("stored", [{}, {"a": 1}, {"$model": 5}, {"$model": []}, [], 5, "x"])
def test_a_stored_value_that_is_no_object_has_a_field_for_json(
    stored: Any, admin_client: Client
) -> None:
    job = a_job("failed", job_class=Typed.path, kwargs={"text": "x", "site": stored})

    html = shown(admin_client, f"/jobs/jobs/{job.pk}/rerun/")

    assert '<textarea name="arg-site"' in html
