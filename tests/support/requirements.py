"""Needs of tests that a machine may lack."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import NoReturn

import pytest


def skip_or_fail(reason: str) -> NoReturn:
    """Skip a test for which this machine lacks something; fail it in CI, where everything is
    installed."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def needs(package: str, extra: str) -> pytest.MarkDecorator:
    """Return the mark of tests that are skipped without the package of an extra. CI has it."""
    return pytest.mark.skipif(
        find_spec(package) is None and not os.environ.get("CI"),
        reason=f"{package} is not installed: pip install 'django-pgjobs[{extra}]'",
    )
