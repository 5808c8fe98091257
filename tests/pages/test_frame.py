"""The frame of the pages: in the admin and alone, for users with the permission."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.support.browsing import complaints_of, let_scripts_run, with_policy
from tests.support.staff import shown, signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

IN_ADMIN = "/admin/pgjobs/job/overview/"
ALONE = "/jobs/"

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_pages_stand_in_the_admin() -> None:
    said = shown(signed_in("view_job"), IN_ADMIN)
    assert 'id="site-name"' in said
    assert f'href="{IN_ADMIN}"' in said


def test_the_same_pages_stand_alone_for_users_who_are_no_staff() -> None:
    client = signed_in("view_job")
    User.objects.update(is_staff=False)
    said = shown(client, ALONE)
    assert 'id="site-name"' not in said
    assert f'href="{ALONE}"' in said


@pytest.mark.parametrize("address", [IN_ADMIN, ALONE])
def test_a_user_without_the_permission_is_refused(address: str) -> None:
    assert signed_in("view_schedule").get(address).status_code == 403


@pytest.mark.parametrize("address", [IN_ADMIN, ALONE])
def test_a_visitor_is_sent_to_the_login(address: str) -> None:
    response = Client().get(address)
    assert response.status_code == 302
    assert "login" in response["Location"]


@pytest.mark.parametrize("address", [IN_ADMIN, ALONE])
def test_the_frame_needs_no_inline_scripts_or_styles(page: Page, address: str) -> None:
    complaints = complaints_of(page)
    page.route("**/*", with_policy)
    page.goto(address)
    let_scripts_run(page)
    assert page.evaluate("typeof htmx") == "object"
    assert complaints == []
