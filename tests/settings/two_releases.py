"""The test suite's settings without what an older release may lack: the URLs of the pages, and the
names of NetBox."""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as ALL_APPS

ROOT_URLCONF = "tests.side_by_side.urls"
INSTALLED_APPS = [app for app in ALL_APPS if app != "tests.apps.netboxed"]
