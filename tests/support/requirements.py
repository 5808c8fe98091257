"""Needs of tests that a machine may lack."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def skip_or_fail(reason: str) -> NoReturn:
    """Skip a test for which this machine lacks something; fail it in CI, where everything is
    installed."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
