"""Arguments by position, which rows of job classes and functions don't have."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

import pgjobs
from pgjobs import BackgroundJob
from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.system import system_jobs
from pgjobs.models import Job
from pgjobs.registry.names import registered
from tests.support.registry import forget_system_job

pytestmark = pytest.mark.django_db


def with_client(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def outer(site: str, depth: int = 1) -> Any:
        return function("client", site, depth)

    return outer


@pgjobs.job
@with_client
def crawl(client: str, site: str, depth: int) -> list[Any]:
    return [client, site, depth]


def after_check(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def outer(site: str, *args: Any, **kwargs: Any) -> Any:
        return function(site.strip(), *args, **kwargs)

    return outer


@pgjobs.job
@after_check
def index(site: str, depth: int) -> list[Any]:
    return [site, depth]


@pgjobs.job
@functools.lru_cache
def cached(site: str, depth: int = 1) -> list[Any]:
    return [site, depth]


def result(job: Job) -> Any:
    job.run_here()
    job.refresh_from_db()
    return job.result


def test_delay_names_arguments_as_the_decorator_does() -> None:
    assert result(crawl.delay("lund")) == ["client", "lund", 1]
    assert result(crawl.delay("lund", 2)) == ["client", "lund", 2]
    with pytest.raises(InvalidArgument, match=r"takes 2 arguments by position \(site, depth\)"):
        crawl.delay("lund", 2, 3)


def test_delay_names_the_arguments_that_a_decorator_hands_on() -> None:
    assert result(index.delay(" lund ", 2)) == ["lund", 2]


def test_a_decorator_that_was_written_in_c_has_the_parameters_of_its_function() -> None:
    assert result(cached.delay("lund", 2)) == ["lund", 2]
    with pytest.raises(InvalidArgument, match="Did you mean depth"):
        cached.delay("lund", dept=2)


@pytest.mark.parametrize("run", [lambda self, site, /: None, lambda self, site, /, full=1: None])
def test_a_class_whose_run_takes_an_argument_by_position_alone_is_refused(run: Any) -> None:
    with pytest.raises(TypeError, match=r"Sync\.run\(\) takes site by position alone"):
        type("Sync", (BackgroundJob,), {"run": run})
    assert f"{__name__}.Sync" not in registered()


@pytest.mark.parametrize(
    "run", [lambda self, /, **kwargs: None, lambda self, site=1, /: None, staticmethod(lambda: 1)]
)
def test_a_run_that_names_suffice_for_is_taken(run: Any) -> None:
    job_class: Any = type("Suffices", (BackgroundJob,), {"run": run})
    assert job_class.enqueue().args == []


class Holder:
    def method(self) -> None: ...


@pytest.mark.parametrize("decorator", [pgjobs.job, pgjobs.register])
def test_a_function_of_a_class_is_refused(decorator: Any) -> None:
    with pytest.raises(TypeError, match="not a def at module level"):
        decorator(Holder.method)


class NamesItsClass(BackgroundJob):
    def run(self, cls: str) -> str:
        return cls


def test_setup_takes_an_argument_called_cls() -> None:
    NamesItsClass.setup(interval=5, cls="first")
    try:
        assert system_jobs()[NamesItsClass.path].kwargs == {"cls": "first"}
    finally:
        forget_system_job(NamesItsClass)
