"""Browsers of staff users."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.support.staff import signed_in


@pytest.fixture
def looking() -> Client:
    """The browser of a user who may look at everything and change nothing."""
    return signed_in("view_job", "view_schedule", "view_workerprocess")
