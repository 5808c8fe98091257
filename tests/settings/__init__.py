"""Settings of the test suite, and of the processes that its tests start.

DATABASE_URL names the database. `conftest.py` sets it before Django is set up, and a test sets it
to its own database for a child. The default only serves tools that load the settings and never
connect.
"""

from __future__ import annotations

import json
import os

import dj_database_url

SECRET_KEY = "only for tests"
DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
ROOT_URLCONF = "tests.urls"
STATIC_URL = "static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = {
    "default": {**dj_database_url.parse(os.environ.get("DATABASE_URL", "postgresql:///pgjobs"))}
}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    "pgjobs",
    "tests.apps.testapp",
    "tests.apps.netboxed",
    # Apps that only some tests want, in the processes that they start.
    *os.environ.get("EXTRA_APPS", "").split(),
]

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

TASKS = {
    "default": {
        "BACKEND": "pgjobs.backends.PgJobsBackend",
        "QUEUES": ["high", "default", "low"],
    },
    "patient": {
        "BACKEND": "pgjobs.backends.PgJobsBackend",
        "QUEUES": ["low"],
        "OPTIONS": {"max_attempts": 3, "timeout": 60},
    },
}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# The lease is longer than `eventually` waits. With a shorter lease, an event that only the
# heartbeat brings about could be taken for the quicker way, and a worker on a crowded machine for
# dead.
PGJOBS = {"HEARTBEAT_TIMEOUT": 60, **json.loads(os.environ.get("PGJOBS", "{}"))}
