"""The test suite's settings for a database of two servers, of which one takes writes."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["SERVERS"],
        "PORT": ",".join("5432" for _ in os.environ["SERVERS"].split(",")),
        "NAME": "postgres",
        "USER": "postgres",
        "OPTIONS": {"target_session_attrs": "read-write"},
    }
}
