"""A project whose tasks django-overseer watches and retries."""

from __future__ import annotations

from tests.integrations.settings import *  # noqa: F403
from tests.integrations.settings import APPS

INSTALLED_APPS = ["tests.integrations.overseen", "overseer", *APPS]
