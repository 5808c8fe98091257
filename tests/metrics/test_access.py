"""Metrics and health are closed by default, and open to the token and to staff."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.metrics.conftest import TOKEN
from tests.support.staff import signed_in

pytestmark = pytest.mark.django_db
pages = pytest.mark.parametrize("page", ["/jobs/metrics", "/jobs/health"])


def anonymous() -> Client:
    return Client()


def staff_with_permission() -> Client:
    return signed_in("view_job")


def staff_without_permission() -> Client:
    return signed_in("delete_job")


def superuser() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def user_with_permission() -> Client:
    client = signed_in("view_job")
    User.objects.update(is_staff=False)
    return client


@pages
@pytest.mark.parametrize(
    ("visitor", "header", "status"),
    [
        (anonymous, None, 401),
        (anonymous, f"Bearer {TOKEN}", 200),
        (anonymous, f"bearer  {TOKEN} ", 200),
        (anonymous, f"Bearer {TOKEN}x", 401),
        (anonymous, f"Bearer {TOKEN[:-1]}", 401),
        (anonymous, "Bearer tökén", 401),
        (anonymous, "Bearer", 401),
        (anonymous, "Bearer ", 401),
        (anonymous, TOKEN, 401),
        (anonymous, f"Basic {TOKEN}", 401),
        (staff_with_permission, None, 200),
        (staff_with_permission, "Bearer wrong", 401),
        (staff_without_permission, None, 403),
        (user_with_permission, None, 403),
        (superuser, None, 200),
    ],
)
def test_a_page_opens_to_the_token_and_to_staff_with_the_permission(
    page: str, visitor: Any, header: str | None, status: int
) -> None:
    headers = {} if header is None else {"authorization": header}

    response = visitor().get(page, headers=headers)

    assert response.status_code == status
    if status == 401:
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="pgjobs"'
    if status == 200:
        assert "no-store" in response.headers["Cache-Control"]


@pages
@pytest.mark.parametrize("header", [None, "Bearer ", f"Bearer {TOKEN}"])
def test_without_a_token_in_the_settings_no_token_opens_a_page(
    page: str, header: str | None, settings: Any
) -> None:
    settings.PGJOBS = {}
    headers = {} if header is None else {"authorization": header}

    assert Client().get(page, headers=headers).status_code == 401


@pages
def test_the_token_opens_a_page_of_a_site_that_demands_a_login(page: str, settings: Any) -> None:
    login_required = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, login_required]

    response = Client().get(page, headers={"authorization": f"Bearer {TOKEN}"})

    assert response.status_code == 200
    assert Client().get(page).status_code == 401


@pages
def test_the_token_opens_a_page_of_a_site_without_sessions(page: str, settings: Any) -> None:
    settings.MIDDLEWARE = []

    response = Client().get(page, headers={"authorization": f"Bearer {TOKEN}"})

    assert response.status_code == 200
    assert Client().get(page).status_code == 401


@pages
def test_staff_who_see_some_of_the_jobs_see_no_number_of_all(page: str, settings: Any) -> None:
    settings.PGJOBS = {**settings.PGJOBS, "VISIBLE_JOBS": "tests.metrics.test_access.none_of"}

    assert superuser().get(page).status_code == 403


def none_of(user: Any, jobs: Any) -> Any:
    return jobs.none()


@pages
def test_a_page_is_only_read(page: str) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}

    assert Client().head(page, headers=headers).status_code == 200
    assert Client().post(page, headers=headers).status_code == 405


@pages
def test_a_session_that_can_not_be_looked_up_is_no_error_of_the_site(
    page: str, database_away: None
) -> None:
    client = Client()
    client.cookies["sessionid"] = "0" * 32

    assert client.get(page).status_code == 503
