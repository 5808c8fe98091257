"""Clients of the REST interface. Without the extra `api` its tests are skipped."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.fixture(autouse=True)
def _extra(settings: object) -> None:
    pytest.importorskip("rest_framework", reason="the extra api is not installed")


@pytest.fixture
def operator() -> Client:
    """The client of a user with all permissions."""
    # pytest loads this file before Django is set up if it is given this folder to run.
    from tests.support.staff import signed_in

    return signed_in(
        *("view_job", "add_job", "change_job", "delete_job", "manage_queues"),
        *("view_schedule", "change_schedule", "view_workerprocess", "view_journalentry"),
    )
