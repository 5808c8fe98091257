"""Browsers of staff users."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.fixture
def looking() -> Client:
    """The browser of a user who may view everything and change nothing."""
    # pytest loads this file before Django is set up if it is given this folder to run.
    from tests.support.staff import signed_in

    return signed_in("view_job", "view_schedule", "view_workerprocess")
