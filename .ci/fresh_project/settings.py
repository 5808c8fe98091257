"""The settings of the project that tries an installed pgjobs."""

import os
from urllib.parse import parse_qsl, unquote, urlsplit

import django

url = urlsplit(os.environ["DATABASE_URL"])
name, _, server = url.netloc.rpartition("@")
host, _, port = server.rpartition(":")

SECRET_KEY = "only for this project"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path.removeprefix("/"),
        "USER": unquote(name),
        "HOST": unquote(host),
        "PORT": port,
        "OPTIONS": dict(parse_qsl(url.query)),
    }
}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "procrastinate.contrib.django",
    "pgjobs",
    "shop",
]
HAS_TASKS = django.VERSION >= (6, 0)
if HAS_TASKS:
    TASKS = {"default": {"BACKEND": "pgjobs.backends.PgJobsBackend"}}
