"""Every page in a real browser: readable by all, in each look, on a phone, by a strict policy.

The addresses come from the code, so a new page is held to the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.pages.scene import Scene, addresses
from tests.support.browsing import (
    EVERY_LOOK,
    PHONE,
    a_page,
    complaints_of,
    is_wider_than_the_screen,
    let_scripts_run,
    serious_faults,
    with_policy,
)
from tests.support.environment import Environment
from tests.support.served_site import served_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Each place, each theme and each language. German words are the longer ones.
LOOKS = [("admin:pgjobs", "dark", "en"), ("pgjobs", "light", "de")]
IN_UNFOLD = ["dark"]
if EVERY_LOOK:
    LOOKS += [("admin:pgjobs", "light", "de"), ("pgjobs", "dark", "en")]
    IN_UNFOLD += ["light"]
DESK = {"width": 1280, "height": 800}

pytestmark = pytest.mark.django_db(transaction=True)


def look_at(page: Page, address: str) -> list[str]:
    """Open a page on a desk and on a phone, and return all that is wrong with it."""
    complaints = complaints_of(page)
    answer = page.goto(address)
    assert answer is not None
    wrong = [] if answer.status == 200 else [f"status {answer.status}"]
    let_scripts_run(page)
    wrong += serious_faults(page)
    for size in (PHONE, DESK):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        if is_wider_than_the_screen(page):
            wrong.append(f"wider than {size['width']} pixels")
    return [f"{address}: {each}" for each in wrong + complaints]


@pytest.mark.parametrize(("namespace", "theme", "language"), LOOKS)
def test_each_page_is_readable_by_all_and_fits_a_phone_and_a_strict_policy(
    page: Page, namespace: str, theme: Any, language: str, settings: Any
) -> None:
    settings.LANGUAGE_CODE = language
    scene = Scene()
    page.emulate_media(color_scheme=theme)
    page.route("**/*", with_policy)
    assert [fault for each in addresses(scene, namespace) for fault in look_at(page, each)] == []


@contextmanager
def unfolded(environment: Environment) -> Iterator[tuple[str, Client]]:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    with served_site(environment, "tests.settings.unfold") as url:
        yield url, client


@pytest.mark.parametrize("theme", IN_UNFOLD)
def test_each_page_is_readable_by_all_in_unfold(
    browser: Browser, child_environment: Environment, theme: Any
) -> None:
    # unfold's own scripts need `unsafe-eval`, so the strict policy can't be set here.
    scene = Scene()
    with unfolded(child_environment) as (url, client), a_page(browser, url, client) as page:
        page.emulate_media(color_scheme=theme)
        page.goto("/admin/")  # the browser asks the first page's site for an icon, in vain
        let_scripts_run(page)
        found = [
            fault for each in addresses(scene, "admin:pgjobs") for fault in look_at(page, each)
        ]
    assert found == []
