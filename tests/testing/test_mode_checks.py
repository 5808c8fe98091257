"""A deployment in the mode of a test is found by ``check --deploy``, and its workers refuse it."""

from __future__ import annotations

import pytest
import pytest_django
from django.core.checks import CheckMessage, run_checks

from tests.support.environment import Environment, with_settings
from tests.support.worker_process import InstalledWorker


def found(*, deploy: bool) -> list[CheckMessage]:
    checked = run_checks(include_deployment_checks=deploy)
    return [problem for problem in checked if problem.id == "pgjobs.W036"]


@pytest.mark.parametrize(
    ("mode", "does"), [("inline", "in the caller's process"), ("manual", "wakes no worker")]
)
def test_w020_names_a_mode_for_tests_where_a_deployment_is_checked(
    mode: str, does: str, settings: pytest_django.Settings
) -> None:
    settings.PGJOBS = {"MODE": mode}

    (problem,) = found(deploy=True)

    assert f"PGJOBS['MODE'] is {mode!r}" in problem.msg
    assert does in problem.msg
    assert problem.hint
    assert found(deploy=False) == []


def test_w020_accepts_the_default() -> None:
    assert found(deploy=True) == []


def test_the_command_starts_no_worker_in_inline_mode(child_environment: Environment) -> None:
    with InstalledWorker(with_settings(child_environment, MODE="inline")) as worker:
        assert worker.wait() == 1
        assert "PGJOBS['MODE'] is 'inline'" in worker.output
