"""Both kinds of processes, and the environment in which their jobs are known."""

from __future__ import annotations

from typing import cast

import pytest

from tests.support.environment import Environment, with_apps


@pytest.fixture
def environment(child_environment: Environment) -> Environment:
    return with_apps(child_environment, "isolated", "unruly")


@pytest.fixture(params=["process", "fresh_process"])
def kind(request: pytest.FixtureRequest) -> str:
    """An isolation that has a process."""
    return cast("str", request.param)
