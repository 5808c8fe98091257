"""Addresses and forms of the admin that no page of it makes."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.support.rows import a_job
from tests.support.staff import LIST

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["queue_name", "job_class", "name", "q", "o", "created__gte"])
def test_a_nul_in_the_address_of_the_list_is_refused(looking: Client, name: str) -> None:
    response = looking.get(LIST, {name: "a\0"})

    assert (response.status_code, response["Location"]) == (302, f"{LIST}?e=1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created__year", "-1"),
        ("created__year", "9" * 19),
        ("created__gte", "2026-13-45"),
        ("name__regex", "a" * 100_000),
        ("worker__id__exact", "9" * 4301),
        ("user__id__exact", "x"),
        ("name__range", "abc"),
        ("name__range", "a"),
        ("created__year__range", "2026,2027"),
    ],
)
def test_a_filter_that_fits_no_column_is_refused(looking: Client, name: str, value: str) -> None:
    a_job()
    response = looking.get(LIST, {name: value})

    assert (response.status_code, response["Location"]) == (302, f"{LIST}?e=1")


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


@pytest.mark.parametrize(
    ("model", "action"),
    [
        ("job", "cancel_jobs"),
        ("job", "retry_jobs"),
        ("job", "delete_selected"),
    ],
)
@pytest.mark.parametrize("key", ["9" * 4301, "\0", "x", ""])
def test_an_action_on_what_is_no_id_is_refused(
    key: str, model: str, action: str, admin_client: Client
) -> None:
    chosen = {"action": action, "_selected_action": [key], "post": "yes"}
    assert admin_client.post(f"/admin/pgjobs/{model}/", chosen).status_code == 400
