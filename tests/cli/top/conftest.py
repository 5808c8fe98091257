"""A screen of ``manage.py pgjobs top`` for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.top.driver import Drive


@pytest.fixture
def drive(monkeypatch: pytest.MonkeyPatch) -> Drive:
    """Run a script against a screen. The script may look into the database, the screen never does.

    So Django may be used from the event loop.
    """
    from tests.cli.top.driver import Script, run

    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

    def drive(script: Script, size: tuple[int, int] = (80, 24)) -> None:
        run(script, size)

    return drive
