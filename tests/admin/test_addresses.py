"""Addresses and forms of the admin that no page of it makes."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.support.staff import LIST

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["change", "history", "delete", "cancel", "retry"])
@pytest.mark.parametrize("key", ["9" * 24, "9" * 4301, "%00", "-1", "x", "_00", "%0A"])
def test_an_address_of_a_job_that_does_not_exist_is_not_found(
    key: str, page: str, admin_client: Client
) -> None:
    address = f"{LIST}{key}/{page}/"
    verb = admin_client.post if page in ("cancel", "retry") else admin_client.get
    response = verb(address, follow=True)

    # Django itself sends the visitor of a missing object's page to the start.
    assert response.status_code == 404 or response.redirect_chain == [("/admin/", 302)]
