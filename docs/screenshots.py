"""Takes the pictures of the pages in the docs: ``python docs/screenshots.py``.

It serves the demo with a PostgreSQL of its own, and looks at it with Debian's Chromium, once the
demo has failures, retries and a running export.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

ROOT: Final = Path(__file__).resolve().parent.parent
IMAGES: Final = ROOT / "docs" / "images"
CHROMIUM: Final = "/usr/bin/chromium"
SETTLED: Final = 30.0
"""Seconds after which the demo's parcels have failed and its export has come some way."""

PAGES: Final = {
    "overview": "overview/",
    "jobs": "",
    "failures": "failures/",
    "queues": "queues/",
}
"""The addresses of the pictured pages, below the root of the pages."""


@contextmanager
def served_demo() -> Iterator[tuple[str, str, str]]:
    """Serve the demo; return the address of its pages, the name and the password of its user."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, ROOT / "example_project" / "manage.py", "demo", "--serve"]
        demo = subprocess.Popen(
            [*command, "--port", "0", "--path", ROOT / "pgjobs"],
            env={**os.environ, "PGJOBS_DEMO_DIR": directory},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield _facts(demo)
        finally:
            demo.terminate()
            demo.wait(60)


def _facts(demo: subprocess.Popen[str]) -> tuple[str, str, str]:
    shown = ""
    assert demo.stdout is not None
    for line in demo.stdout:
        shown += line
        if re.match(r"^  worker ", line):
            break
    pages = re.search(r"^  jobs +(\S+?)overview/$", shown, re.MULTILINE)
    login = re.search(r"^  login +(\S+) / (\S+)$", shown, re.MULTILINE)
    if not (pages and login):
        sys.exit(f"The demo did not start:\n{shown}")
    return pages[1], login[1], login[2]


def take(browser: Browser, pages: str, name: str, password: str, theme: str) -> None:
    """Take a picture of each page in a ``theme``: light or dark."""
    with browser.new_context(
        color_scheme=theme,  # type: ignore[arg-type]
        viewport={"width": 1280, "height": 800},
    ) as context:
        page = context.new_page()
        page.goto(pages)
        page.fill("[name=username]", name)
        page.fill("[name=password]", password)
        page.click("[type=submit]")
        for picture, address in PAGES.items():
            page.goto(pages + address)
            shoot(page, f"{picture}-{theme}")
        page.goto(f"{pages}?q=status:running")
        page.get_by_role("link", name="Export orders").first.click()
        shoot(page, f"job-{theme}")


def shoot(page: Page, picture: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{picture}.png")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with served_demo() as (pages, name, password), sync_playwright() as playwright:
        time.sleep(SETTLED)
        arguments = ["--no-sandbox", "--disable-gpu"]
        with playwright.chromium.launch(executable_path=CHROMIUM, args=arguments) as browser:
            for theme in ("light", "dark"):
                take(browser, pages, name, password, theme)


if __name__ == "__main__":
    main()
