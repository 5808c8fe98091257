"""A site of Wagtail: pages with references, images, and search in PostgreSQL."""

from __future__ import annotations

import os

from tests.integrations.settings import *  # noqa: F403
from tests.integrations.settings import APPS

INSTALLED_APPS = [
    "tests.integrations.wagtail_site",
    "wagtail.search",
    "wagtail.images",
    "wagtail.users",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django.contrib.postgres",
    *APPS,
]

WAGTAIL_SITE_NAME = "Site"
WAGTAILADMIN_BASE_URL = "http://localhost"
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
MEDIA_ROOT = os.environ.get("PROJECT_DIRECTORY", "")
