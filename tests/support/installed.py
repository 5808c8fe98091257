"""Apps that are installed for one test."""

from __future__ import annotations

import pytest
from django.apps import AppConfig, apps

from tests.apps import testapp


def installed(
    config_class: type[AppConfig], monkeypatch: pytest.MonkeyPatch, name: str = ""
) -> AppConfig:
    """Put an app of this configuration, without models, among the installed ones."""
    config = config_class(name or config_class.name, testapp)
    config.apps, config.models = apps, {}
    monkeypatch.setitem(apps.app_configs, config.label, config)
    return config
