"""Odd declarations of jobs: refused in words where they stand, or no burden for the other jobs."""

from __future__ import annotations

from functools import cached_property
from types import SimpleNamespace
from typing import Any

import pytest

import pgjobs
from pgjobs import BackgroundJob
from pgjobs.registry import names
from pgjobs.registry.entries import entries
from tests.apps.testapp.jobs import Noop
from tests.support.worker_process import run_burst_here


def declared(**members: Any) -> type[BackgroundJob]:
    return type("Odd", (BackgroundJob,), {"run": lambda self: None, **members})


@pytest.mark.parametrize(
    "meta", [{}, {"name": "Odd"}, "Odd", 5, lambda: None, SimpleNamespace(name="Odd"), object()]
)
def test_a_meta_that_is_no_class_is_refused(meta: Any) -> None:
    with pytest.raises(TypeError, match=r"Odd\.Meta must be a class, not .*write class Meta"):
        declared(Meta=meta)


@pytest.mark.parametrize("description", [None, 5, True, b"x", ["x"], "a\0b", "\ud800", object()])
def test_a_description_that_is_no_text_is_refused(description: Any) -> None:
    meta = type("Meta", (), {"description": description})

    with pytest.raises(TypeError, match=r"Odd\.Meta\.description must be a text"):
        declared(Meta=meta)
    with pytest.raises(TypeError, match="description must be a text"):
        pgjobs.job(description=description)(a_function)


def a_function() -> None: ...


@pytest.mark.parametrize(
    "run", [None, 5, "run", property(print), cached_property(lambda self: print)]
)
def test_a_run_that_cannot_be_called_is_refused(run: Any) -> None:
    with pytest.raises(TypeError, match=r"Odd\.run must be a method, not "):
        declared(run=run)


def test_a_builtin_function_is_refused_as_a_job() -> None:
    with pytest.raises(TypeError, match=r"max was written in C.*put @job above a def"):
        pgjobs.job(max)


@pytest.mark.parametrize("run", [staticmethod(max), staticmethod(int), max])
def test_a_run_that_tells_no_parameters_keeps_no_other_job_from_sql(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "_targets", dict(names._targets))
    odd = declared(run=run)

    told = {name: options for kind, name, options in entries() if kind == "job_class"}

    assert told[Noop.path]["own_argument"] == "self"
    assert told[odd.path]["own_argument"] is None
    assert told[odd.path]["parameters"] == {"required": [], "named": [], "takes_any": True}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("empty_queue", "no_system_jobs")
def test_a_worker_tells_sql_of_all_jobs_beside_one_whose_run_tells_no_parameters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pgjobs.models import RegistryEntry

    monkeypatch.setattr(names, "_targets", dict(names._targets))
    odd = declared(run=staticmethod(max))

    run_burst_here()

    assert RegistryEntry.objects.filter(name__in=[Noop.path, odd.path]).count() == 2
