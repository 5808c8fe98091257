"""Plugins add queues that begin with their name."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from pgjobs.plugins import PluginConfig
from pgjobs.queues import known_queues
from tests.apps.testapp.jobs import Noop
from tests.support.installed import installed


class MyPluginConfig(PluginConfig):
    name = "myplugin"
    queues = ["foo", "bar"]


class DottedConfig(PluginConfig):
    name = "vendor.inventory"
    queues = ["foo"]


class QuietConfig(PluginConfig):
    name = "quiet"


def test_the_queues_of_a_plugin_begin_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(MyPluginConfig, monkeypatch)

    assert known_queues() == ("high", "default", "low", "myplugin.foo", "myplugin.bar")


def test_the_queues_of_a_dotted_plugin_begin_with_its_whole_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed(DottedConfig, monkeypatch)

    assert "vendor.inventory.foo" in known_queues()


def test_two_plugins_may_use_the_same_short_name_of_a_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed(MyPluginConfig, monkeypatch)
    installed(DottedConfig, monkeypatch)

    assert {"myplugin.foo", "vendor.inventory.foo"} <= set(known_queues())


def test_a_plugin_without_queues_adds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(QuietConfig, monkeypatch)

    assert known_queues() == ("high", "default", "low")


@pytest.mark.parametrize("queues", ["foo", ("foo",), {"foo"}, ["foo", 7], None])
def test_queues_of_a_plugin_that_are_not_a_list_of_strings_are_refused(
    queues: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(MyPluginConfig, monkeypatch)
    monkeypatch.setattr(MyPluginConfig, "queues", queues)

    with pytest.raises(ImproperlyConfigured, match=r"MyPluginConfig\.queues must be a list") as bad:
        known_queues()

    assert repr(queues) in str(bad.value)


@pytest.mark.django_db
def test_a_job_can_be_enqueued_to_a_plugins_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(MyPluginConfig, monkeypatch)

    assert Noop.enqueue(queue_name="myplugin.foo").queue_name == "myplugin.foo"
