"""The options of pgjobs under backends that run no jobs."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import global_settings
from django.test import override_settings

from pgjobs.tasks import task
from pgjobs.tasks.framework import (
    BaseTaskBackend,
    DummyBackend,
    ImmediateBackend,
    TaskResultStatus,
)
from tests.support.functions import new_function


class OtherBackend(BaseTaskBackend):
    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        raise NotImplementedError


def using(backend: type[BaseTaskBackend]) -> Any:
    path = f"{backend.__module__}.{backend.__qualname__}"
    return override_settings(TASKS={"default": {"BACKEND": path}})


@pytest.mark.parametrize(
    ("backend", "status"),
    [
        (ImmediateBackend, TaskResultStatus.SUCCESSFUL),
        (DummyBackend, TaskResultStatus.READY),
    ],
)
def test_the_backends_for_tests_take_the_options_of_pgjobs(
    backend: type[BaseTaskBackend], status: str
) -> None:
    with using(backend):
        declared = task(timeout=60, max_attempts=3, cron="15 3 * * *")(new_function())
        assert declared.enqueue().status == status


def test_another_backend_refuses_them_in_words() -> None:
    with using(OtherBackend), pytest.raises(TypeError) as refusal:
        task(timeout=60)(new_function())
    assert str(refusal.value) == (
        "timeout=60 is an option of pgjobs.backends.PgJobsBackend, but TASKS['default'] names "
        "tests.tasks.test_test_backends.OtherBackend."
    )


def test_without_tasks_an_option_is_not_lost_silently() -> None:
    with (
        override_settings(TASKS=getattr(global_settings, "TASKS", None)),
        pytest.raises(TypeError, match=r"cron='.*' is an option of pgjobs.*ImmediateBackend"),
    ):
        task(cron="15 3 * * *")(new_function())
