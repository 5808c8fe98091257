"""Import every module of the installed pgjobs and run Django's checks over it."""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

settings.configure(
    SECRET_KEY="only for this check",
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "nothing_connects"}},
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "procrastinate.contrib.django",
        "pgjobs",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
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
    ],
)
django.setup()
pgjobs = import_module("pgjobs")
if not Path(pgjobs.__path__[0]).is_relative_to(sys.prefix):
    sys.exit(f"{pgjobs.__path__[0]} is not what was installed in {sys.prefix}.")
for module in pkgutil.walk_packages(pgjobs.__path__, "pgjobs."):
    import_module(module.name)
call_command("check")
