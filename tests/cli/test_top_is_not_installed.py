"""``manage.py pgjobs top`` without the extra that it needs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest


def test_top_without_its_extra_exits_with_2_and_says_what_to_install(
    pgjobs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("pgjobs.cli.top.")]:
        if name != "pgjobs.cli.top.verb":
            monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.partition(".")[0] == "textual"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "textual", None)

    ran = pgjobs("top")

    assert (ran.code, ran.out) == (2, "")
    assert "pip install 'django-pgjobs[tui]'" in ran.errors
