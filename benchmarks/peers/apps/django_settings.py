"""Settings of the peers that are backends of Django's tasks: PEER_APP says which."""

from __future__ import annotations

import os

import dj_database_url

SECRET_KEY = "only for benchmarks"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Without CONN_MAX_AGE Django makes a new connection for each task.
DATABASES = {"default": dj_database_url.parse(os.environ["PEER_URL"], conn_max_age=None)}
APP = os.environ["PEER_APP"]
BACKENDS = {"django_tasks_db": "DatabaseBackend", "django_ox": "backend.OxBackend"}
INSTALLED_APPS = [APP]
TASKS = {"default": {"BACKEND": f"{APP}.{BACKENDS[APP]}"}}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "WARNING"},
}
