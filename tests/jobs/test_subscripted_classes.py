"""``BackgroundJob[Site]``: at run time a class is as it would be without the model."""

from __future__ import annotations

from typing import Generic, TypeVar

import pytest
from django.db import models

from pgjobs import BackgroundJob, JobRunner
from pgjobs.registry.names import registered, resolve
from tests.apps.testapp.models import Country, Device, Site
from tests.support.rows import a_site

M = TypeVar("M", bound=models.Model)


class OfSite(BackgroundJob[Site]):
    class Meta:
        timeout = 7

    def run(self, suffix: str = "") -> str:
        return self.job.object.name + suffix


class OfCountry(JobRunner[Country]):
    def run(self, name: str) -> str:
        return f"{name} in {self.job.object.code}"


class Base(BackgroundJob[M], Generic[M]):
    class Meta:
        timeout = 9


class OfDevice(Base[Device]):
    def run(self) -> None: ...


def test_a_subscripted_base_is_the_base_itself() -> None:
    assert OfSite.__bases__ == OfCountry.__bases__ == (BackgroundJob,)
    assert OfDevice.__bases__ == (Base,)


def test_a_class_with_a_model_is_registered_with_its_options() -> None:
    assert resolve(f"{__name__}.OfSite") is OfSite
    assert (OfSite.options.timeout, OfDevice.options.timeout) == (7, 9)
    assert Base not in registered().values()


@pytest.mark.django_db
def test_a_job_of_a_class_with_a_model_runs() -> None:
    job = OfSite.enqueue(a_site("Lund"), suffix="!")
    job.run_here()

    assert job.result == "Lund!"


@pytest.mark.django_db
def test_a_parameter_of_run_called_name_is_an_argument_of_the_call() -> None:
    assert OfCountry.enqueue(name="Lund").kwargs == {"name": "Lund"}
    assert OfCountry.enqueue_once(name="Lund").kwargs == {"name": "Lund"}
    assert OfCountry.enqueue(name="Lund").name == "OfCountry"
