"""A project that logs by structlog, with the context of the code that enqueued a task."""

from __future__ import annotations

import os
from pathlib import Path

import structlog

from tests.integrations.settings import *  # noqa: F403
from tests.integrations.settings import APPS

INSTALLED_APPS = ["tests.integrations.structured", "django_structlog", *APPS]
DJANGO_STRUCTLOG_DJANGO_TASKS_ENABLED = True

DIRECTORY = Path(os.environ.get("PROJECT_DIRECTORY", ""))
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "django_structlog": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DIRECTORY / "contexts",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(message)s"}},
    "handlers": {
        "file": {
            "class": "logging.FileHandler",
            "filename": DIRECTORY / "log.jsonl",
            "formatter": "plain",
        }
    },
    "loggers": {
        name: {"handlers": ["file"], "level": "INFO"}
        for name in ("django_structlog", "tests.integrations.structured")
    },
}

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.JSONRenderer(default=str),
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
