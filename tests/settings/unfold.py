"""The settings of the tests with django-unfold as the look of the admin."""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as APPS_OF_TESTS

INSTALLED_APPS = ["unfold", *APPS_OF_TESTS]
ALLOWED_HOSTS = ["127.0.0.1"]
