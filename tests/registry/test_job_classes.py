"""Job classes: the options of ``class Meta``, and the classes that rows may name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import pgjobs
from pgjobs import BackgroundJob, JobRunner, register
from pgjobs.exceptions import InvalidArgument, UnknownJobClass
from pgjobs.models import Job
from pgjobs.registry.names import registered, resolve
from tests.apps.testapp.jobs import AboutObject, Noop, Tracing, WithoutRun, plain_function
from tests.apps.testapp.models import Country, Device
from tests.support.environment import ROOT
from tests.support.rows import a_site


class Described(BackgroundJob):
    class Meta:
        name = "A described job"
        description = "Says all that can be said."
        queue = "high"
        priority = 5
        timeout = 7
        max_attempts = 3

    def run(self) -> None: ...


class Quicker(Described):
    class Meta:
        timeout = 1

    def run(self) -> None: ...


def test_a_job_without_a_name_is_named_after_its_class() -> None:
    assert Noop.name == "Noop"


def test_a_name_in_meta_wins_over_the_class_name() -> None:
    assert Described.name == "A described job"


def test_a_subclass_without_a_name_inherits_the_name_of_its_parent() -> None:
    assert Quicker.name == "A described job"


def test_each_option_is_inherited_by_itself() -> None:
    assert (Quicker.options.timeout, Quicker.options.queue) == (1, "high")


def test_an_option_that_does_not_exist_is_refused_and_the_known_ones_are_listed() -> None:
    with pytest.raises(TypeError, match=r"Misspelt\.Meta has 'queue_name'.* queue, priority"):

        class Misspelt(BackgroundJob):
            class Meta:
                queue_name = "high"

            def run(self) -> None: ...


def test_the_default_options_equal_netboxs() -> None:
    options = Noop.options

    assert (options.queue, options.priority, options.timeout) == (None, 0, None)
    assert (options.max_attempts, options.description) == (1, "")


def test_job_runner_is_another_name_for_background_job() -> None:
    assert JobRunner is BackgroundJob


def test_a_class_is_registered_under_its_dotted_path() -> None:
    assert resolve("tests.apps.testapp.jobs.Noop") is Noop


def test_a_class_without_run_is_not_registered() -> None:
    assert WithoutRun not in registered().values()


@pytest.mark.django_db
def test_a_class_without_run_cannot_be_enqueued() -> None:
    with pytest.raises(InvalidArgument, match=r"WithoutRun has no run\(\)"):
        WithoutRun.enqueue()


def test_a_path_that_is_not_registered_is_refused() -> None:
    with pytest.raises(UnknownJobClass, match=r"'os\.system' is not registered"):
        resolve("os.system")


def test_a_function_marked_with_register_is_registered() -> None:
    assert resolve("tests.apps.testapp.jobs.plain_function") is plain_function


def test_register_returns_the_function_unchanged() -> None:
    assert plain_function(job=None, depth=2) == {"depth": 2}


def test_a_function_inside_another_cannot_be_registered() -> None:
    def hidden(job: Any) -> None: ...

    with pytest.raises(TypeError, match="not at module level"):
        register(hidden)


@pytest.mark.parametrize(
    "target", [print, plain_function.__name__, None, object(), BackgroundJob, lambda job: None]
)
@pytest.mark.django_db
def test_a_target_that_is_not_registered_cannot_be_enqueued(target: Any) -> None:
    with pytest.raises(InvalidArgument):
        Job.enqueue(target, name="Something")

    assert not Job.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("target", [Noop, Noop.handle])
def test_the_handle_of_a_class_is_enqueued_as_the_class(target: Callable[..., Any]) -> None:
    assert Job.enqueue(target).job_class == "tests.apps.testapp.jobs.Noop"


@pytest.mark.django_db
def test_get_jobs_of_a_class_returns_its_jobs_alone() -> None:
    mine = Noop.enqueue()
    Tracing.enqueue()

    assert list(Noop.get_jobs()) == [mine]


@pytest.mark.django_db
def test_get_jobs_without_an_object_returns_jobs_with_and_without_objects() -> None:
    free, bound = AboutObject.enqueue(), AboutObject.enqueue(a_site())

    assert set(AboutObject.get_jobs()) == {free, bound}


@pytest.mark.django_db
def test_get_jobs_of_an_object_returns_its_jobs_alone() -> None:
    site, other = a_site(), a_site("Umeå")
    mine = AboutObject.enqueue(site)
    AboutObject.enqueue(other)
    AboutObject.enqueue(Country.objects.create(code=str(site.pk)))
    AboutObject.enqueue()

    assert list(AboutObject.get_jobs(site)) == [mine]


@pytest.mark.django_db
def test_get_jobs_of_an_object_with_a_uuid_returns_its_jobs() -> None:
    device = Device.objects.create(name="router")
    job = AboutObject.enqueue(device)

    assert list(AboutObject.get_jobs(device)) == [job]


def test_every_public_name_exists() -> None:
    assert all(hasattr(pgjobs, name) for name in pgjobs.__all__)


def test_pgjobs_can_be_imported_before_django_is_set_up() -> None:
    script = "from pgjobs import *; from pgjobs.plugins import PluginConfig; import sys; "
    script += "sys.exit('pgjobs.models' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)

    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
