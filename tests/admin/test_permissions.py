"""Permissions to view and steer jobs in the admin."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.support.rows import a_job
from tests.support.staff import LIST, page, signed_in

pytestmark = pytest.mark.django_db


def test_a_user_without_permission_for_jobs_sees_none() -> None:
    job = a_job()
    client = signed_in("view_schedule")
    assert client.get(LIST).status_code == 403
    assert client.get(job.get_absolute_url()).status_code == 403


def test_a_user_who_may_only_view_is_offered_no_action(looking: Client) -> None:
    job = a_job()
    html = page(looking, job)
    assert "/cancel/" not in html
    assert "deletelink" not in html
    assert 'name="verb"' not in looking.get(LIST).content.decode()


def test_a_superuser_may_neither_add_nor_edit_jobs(admin_client: Client) -> None:
    job = a_job()
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(job.get_absolute_url(), {"name": "other"}).status_code == 405
