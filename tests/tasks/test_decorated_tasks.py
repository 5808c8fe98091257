"""Tasks inside decorators: the decorator's parameters count, as for ``run()``."""

from __future__ import annotations

from typing import Any

import pytest

from pgjobs.access import MASK, redacted_arguments
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from pgjobs.tasks.framework import TaskResultStatus
from tests.apps.tasked import tasks

pytestmark = pytest.mark.django_db


def value_of(result: Any) -> Any:
    Job.objects.get(pk=result.id).run_here()
    result.refresh()
    assert result.status == TaskResultStatus.SUCCESSFUL
    return result.return_value


def test_a_decorator_may_give_an_argument() -> None:
    assert value_of(tasks.logs_in.enqueue("ann", "1234")) == ["client", "ann", "1234"]
    assert value_of(tasks.logs_in.enqueue("ann", password="1")) == ["client", "ann", "1"]


def test_a_decorator_hands_the_context_on() -> None:
    assert value_of(tasks.decorated_with_context.enqueue(7)) == [1, 7]
    assert value_of(tasks.decorated_with_context.enqueue(number=7)) == [1, 7]


def test_a_coroutine_that_a_decorator_returns_is_awaited() -> None:
    assert value_of(tasks.decorated_coroutine.enqueue(7)) == 7


def test_what_such_a_coroutine_raises_is_the_error_of_the_task() -> None:
    result = tasks.decorated_coroutine.enqueue(-1)
    Job.objects.get(pk=result.id).run_here()
    result.refresh()
    assert [error.exception_class for error in result.errors] == [ValueError]


def test_the_context_is_no_argument_of_a_call() -> None:
    with pytest.raises(InvalidArgument, match=r"context=5 can't be an argument"):
        tasks.takes_any_with_context.enqueue(context=5)
    assert value_of(tasks.takes_any_with_context.enqueue(number=5)) == ["number"]


def test_a_positional_argument_of_a_task_is_hidden_by_its_name() -> None:
    path = tasks.signs_in.module_path
    assert redacted_arguments(path, ["ann", "1234"]) == ["ann", MASK]
    assert redacted_arguments(path, {"user": "ann", "password": "1"})["password"] == MASK
    assert redacted_arguments(tasks.who_runs.module_path, ["hello"]) == ["hello"]


def test_a_decorator_that_may_move_arguments_hides_all_if_one_of_them_is_hidden() -> None:
    assert redacted_arguments(tasks.logs_in.module_path, ["ann", "1234"]) == [MASK, MASK]
    assert redacted_arguments(tasks.decorated_coroutine.module_path, [7]) == [7]
