"""The REST interface, of the extra ``api``. A project includes ``pgjobs.api.urls``.

The views use the same filters, verbs, permissions and numbers as the commands and the admin. Only
this package imports Django REST framework, django-filter and drf-spectacular.
"""

from __future__ import annotations

from pgjobs.extras import missing

try:
    import django_filters
    import drf_spectacular
    import rest_framework
except ImportError as error:
    raise missing("api", error) from error

__all__ = ["django_filters", "drf_spectacular", "rest_framework"]
