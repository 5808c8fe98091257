"""A real browser, and what tests look for in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client

# pytest loads this file before Django is set up.
if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route
    from pytest_django.live_server_helper import LiveServer

CHROMIUM = Path("/usr/bin/chromium")
IN_CI = bool(os.environ.get("CI"))
EVERY_LOOK = bool(os.environ.get("EVERY_LOOK"))
"""Whether each page is looked at in each place and theme, as in .ci/full."""
PHONE = {"width": 390, "height": 844}
# Stricter than any project's policy: no inline script or style, and no other site.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'"
)
HOSTILE = """<script>window.harmed = 1</script>"><img src=x onerror="window.harmed = 1">"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser, no longer than a module needs it: beside its event loop no other loop can run."""
    with a_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """The page of a superuser who has signed in."""
    from django.contrib.auth.models import User  # Django is not set up above

    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    with a_page(browser, live_server.url, client) as page:
        yield page


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Start Chromium; skip the test where there is none, but never in CI."""
    if not IN_CI:
        pytest.importorskip("playwright", reason="playwright is not installed")
        if not CHROMIUM.exists():
            pytest.skip(f"there is no {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Playwright runs an event loop in this thread, and Django would refuse queries beside it.
        # None runs on it.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        with playwright.chromium.launch(executable_path=CHROMIUM, args=arguments) as browser:
            yield browser


@contextmanager
def a_page(browser: Browser, url: str, client: Client) -> Iterator[Page]:
    """Open a page of the site at ``url`` as the user who has signed in with ``client``."""
    with browser.new_context(base_url=url) as context:
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
        context.add_cookies([{**cookie, "url": url}])  # type: ignore[typeddict-item]
        page = context.new_page()
        page.set_default_timeout(60_000)  # milliseconds; a crowded machine may need more than 30 s
        yield page


def with_policy(route: Route) -> None:
    """Give each document `POLICY`: ``page.route("**/*", with_policy)``."""
    if route.request.resource_type != "document":
        return route.fallback()
    response = route.fetch()
    headers = {**response.headers, "content-security-policy": POLICY}
    return route.fulfill(response=response, headers=headers)


def complaints_of(page: Page) -> list[str]:
    """Return the list to which the errors of scripts and of the console are added from now on."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.extend([said.text] * (said.type == "error")))
    return complaints


def let_scripts_run(page: Page) -> None:
    """Wait until a loaded page has asked for nothing for half a second.

    Chromium does not always tell of this moment, so the wait has an end.
    """
    from playwright.sync_api import TimeoutError as TooLong

    with suppress(TooLong):
        page.wait_for_load_state("networkidle", timeout=5000)


def serious_faults(page: Page) -> list[str]:
    """Return what axe-core finds in our part of the page that is serious or critical."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=".pgj").response["violations"]
    return [
        f"{fault['id']}: {node['html'][:200]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def is_wider_than_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def press_tab_until(page: Page, selector: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab does not reach {selector}")


# The script paints two colours and reads them back, so that it understands any CSS notation.
CONTRAST = """
badges => {
    const pen = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const luminance = color => {
        pen.fillStyle = color;
        pen.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map(value => {
            const part = value / 255;
            return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    return badges.map(badge => {
        const style = getComputedStyle(badge);
        const both = [luminance(style.color), luminance(style.backgroundColor)];
        return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    });
}
"""
