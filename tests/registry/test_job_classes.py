"""Job classes: the options of ``class Meta``, and the classes that rows may name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy, override

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


def test_a_misspelt_option_is_refused_and_the_nearest_one_is_named() -> None:
    with pytest.raises(TypeError, match=r"'launchible', which .* Did you mean launchable\?"):

        class Misspelt(BackgroundJob):
            class Meta:
                launchible = True

            def run(self) -> None: ...


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("name", "n" * 201, "at most 200 characters"),
        ("name", "a\x00b", "without NUL"),
        ("name", "\ud800", "lone surrogates"),
        ("name", 7, "not 7"),
        ("queue", 7, "not 7"),
        ("queue", SimpleLazyObject(lambda: "low"), "SimpleLazyObject"),
        ("name", SimpleLazyObject(lambda: "A job"), "SimpleLazyObject"),
        ("priority", 32768, "not 32768"),
        ("priority", None, "not None"),
        ("timeout", 0, "not 0"),
        ("max_attempts", 0, "not 0"),
        ("backoff", 10, "a function"),
        ("atomic", "no", "True or False, not 'no'"),
        ("retry_on", "ValueError", "exception class"),
        ("on_interrupt", "ignore", "'requeue' or 'error'"),
        ("isolation", "forked", "one of thread, process, fresh_process, or None, not 'forked'"),
        ("memory_limit", 0, "a whole number of MiB from 1, or None, not 0"),
        ("memory_limit", True, "a whole number of MiB from 1, or None, not True"),
    ],
)
def test_an_option_with_a_wrong_value_is_refused_where_the_class_is_made(
    option: str, value: Any, words: str
) -> None:
    with pytest.raises(TypeError, match=words) as refusal:
        type("Wrong", (BackgroundJob,), {"Meta": type("Meta", (), {option: value}), "run": print})

    assert f"Meta.{option}" in str(refusal.value) or f"Meta: {option}" in str(refusal.value)
    assert f"{__name__}.Wrong" not in registered()


def test_a_dotted_path_that_no_row_can_hold_is_refused_where_the_class_is_made() -> None:
    with pytest.raises(TypeError, match="at most 200"):
        type("C" * 200, (BackgroundJob,), {"run": print})


@pytest.mark.django_db
def test_a_lazy_name_is_translated_when_a_job_is_enqueued() -> None:
    class Translated(BackgroundJob):
        class Meta:
            name = gettext_lazy("Yes")

        def run(self) -> None: ...

    with override("de"):
        assert Job.objects.get(pk=Translated.enqueue().pk).name == "Ja"


def yields(**kwargs: Any) -> Any:
    yield


async def yields_later(**kwargs: Any) -> Any:
    yield


@pytest.mark.parametrize("run", [yields, yields_later])
def test_a_run_with_a_yield_is_refused_where_it_is_declared(run: Any) -> None:
    with pytest.raises(TypeError, match=r"Wrong\.run\(\) has a yield"):
        type("Wrong", (BackgroundJob,), {"run": run})
    with pytest.raises(TypeError, match=r"yields.* has a yield"):
        register(run)


class Twin(BackgroundJob):
    def run(self) -> int:
        return 1


EarlierTwin = Twin


class Twin(BackgroundJob):  # type: ignore[no-redef]
    def run(self) -> int:
        return 2


@pytest.mark.django_db
def test_the_earlier_of_two_classes_of_one_path_is_refused_with_the_reason() -> None:
    with pytest.raises(InvalidArgument, match=r"Twin is registered for another object"):
        EarlierTwin.enqueue()


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

    with pytest.raises(TypeError, match="not a def at module level"):
        register(hidden)


@pytest.mark.parametrize(
    "target", [partial(plain_function), lambda job: None, Noop, Noop.handle, 7, None]
)
def test_a_value_that_is_no_function_at_module_level_cannot_be_registered(target: Any) -> None:
    with pytest.raises(TypeError, match="at module level"):
        register(target)


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


def test_a_memory_limit_is_refused_for_jobs_in_threads() -> None:
    with pytest.raises(TypeError, match="memory_limit limits the process of a job, but its"):
        type(
            "Hungry",
            (BackgroundJob,),
            {"Meta": type("Meta", (), {"isolation": "thread", "memory_limit": 100})},
        )
