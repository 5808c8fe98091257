"""A launchable function over REST is enqueued by its options, as a class is."""

from __future__ import annotations

import pytest
from django.test import Client

from pgjobs import job
from pgjobs.models import Job
from tests.api.asking import JOBS, sent

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.urls")]


@job(name="Charge", launchable=True, sensitive=["iban"], timeout=9)
def charge(iban: str) -> None: ...


def test_a_launchable_function_is_enqueued_by_its_options(operator: Client) -> None:
    body = {"job_class": f"{__name__}.charge", "kwargs": {"iban": "4111"}}

    seen = sent(operator, JOBS, body, 201)

    assert (seen["name"], seen["kwargs"]) == ("Charge", {"iban": "[redacted]"})
    assert Job.objects.get().timeout == 9


def test_another_name_for_a_function_that_has_one_is_refused(operator: Client) -> None:
    body = {"job_class": f"{__name__}.charge", "kwargs": {"iban": "4111"}, "name": "Other"}

    assert "all its jobs have the name of the function" in str(sent(operator, JOBS, body, 400))
