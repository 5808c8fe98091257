"""The queues of a project, and the queue of a job."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_django
from django.apps import AppConfig
from django.db import models

from pgjobs.exceptions import InvalidArgument, UnknownQueue
from pgjobs.queues import check_known, get_queue_for_model, is_valid_name, known_queues
from tests.apps.testapp.models import Device, Site
from tests.support.installed import installed


class WithQueues(AppConfig):
    name = "withqueues"
    pgjobs_queues = ("slow", "gpu")


def test_the_queues_of_a_plain_project_are_high_default_and_low() -> None:
    assert known_queues() == ("high", "default", "low")


def test_a_mapped_queue_exists(settings: pytest_django.Settings) -> None:
    settings.PGJOBS = {"QUEUE_MAPPINGS": {"site": "sites", None: "low"}}

    assert known_queues() == ("high", "default", "low", "sites")


def test_an_app_that_names_queues_adds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(WithQueues, monkeypatch)

    assert known_queues() == ("high", "default", "low", "slow", "gpu")


def test_an_unknown_queue_is_refused_and_the_known_ones_are_listed() -> None:
    with pytest.raises(UnknownQueue) as refusal:
        check_known(["high", "hihg"])

    assert str(refusal.value) == (
        "queue_name 'hihg' is not a queue. Did you mean high? The queues are: high, default, low."
    )


def test_an_unknown_queue_is_a_key_error_as_in_netbox() -> None:
    with pytest.raises(KeyError):
        check_known(["hihg"])


@pytest.mark.parametrize("key", ["site", "Site", "testapp.site", "testapp.Site", Site])
def test_a_model_can_be_mapped_by_name_label_or_class(
    key: Any, settings: pytest_django.Settings
) -> None:
    settings.PGJOBS = {"QUEUE_MAPPINGS": {key: "high"}}

    assert get_queue_for_model(Site) == "high"


@pytest.mark.parametrize("model", [Device, None])
def test_a_mapping_of_one_model_does_not_hold_for_others(
    model: type[models.Model] | None, settings: pytest_django.Settings
) -> None:
    settings.PGJOBS = {"QUEUE_MAPPINGS": {"site": "high"}}

    assert get_queue_for_model(model) == "default"


def test_the_most_specific_of_several_mappings_wins(settings: pytest_django.Settings) -> None:
    mappings: dict[Any, str] = {"site": "low", "testapp.site": "default", Site: "high"}
    taken = []
    for key in (Site, "testapp.site", "site"):
        settings.PGJOBS = {"QUEUE_MAPPINGS": dict(mappings)}
        taken.append(get_queue_for_model(Site))
        del mappings[key]

    assert taken == ["high", "default", "low"]


def test_a_mapping_of_none_holds_for_jobs_without_an_object(
    settings: pytest_django.Settings,
) -> None:
    settings.PGJOBS = {"QUEUE_MAPPINGS": {None: "low"}}

    assert get_queue_for_model(None) == "low"


@pytest.mark.parametrize("name", ["a", "my_plugin.foo-2", "_", "9", "q" * 100])
def test_a_valid_name_of_a_queue_is_accepted(name: str) -> None:
    assert is_valid_name(name)


@pytest.mark.parametrize("name", ["", ".a", "a b", "a/b", "ä", "a\n", "q" * 101, None, 7])
def test_an_invalid_name_of_a_queue_is_refused(name: Any) -> None:
    assert not is_valid_name(name)


@pytest.mark.parametrize("name", ["device", "Device", "testapp.Device"])
def test_a_model_may_be_given_by_its_name(settings: pytest_django.Settings, name: str) -> None:
    settings.PGJOBS = {"QUEUE_MAPPINGS": {"device": "high"}}

    assert get_queue_for_model(name) == "high"
    assert get_queue_for_model("site") == "default"


@pytest.mark.parametrize("model", [7, object, Site(name="Lund")])
def test_a_value_that_is_no_model_is_refused(model: Any) -> None:
    with pytest.raises(InvalidArgument, match="model must be a model class"):
        get_queue_for_model(model)
