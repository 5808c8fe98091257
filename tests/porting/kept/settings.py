"""A project that has kept its schedules in the tables of django-celery-beat and django-q2."""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

TIME_ZONE = "Europe/Berlin"
INSTALLED_APPS = [*INSTALLED_APPS, "django_celery_beat", "django_q"]
