"""Schedules that other systems keep in tables, as code: system jobs of pgjobs.

A system job is declared by code, and a worker that does not find it in its code switches it off. So
the rows become code to paste into a `jobs.py`, and no rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.apps import apps

from pgjobs.porting.schedules import celery_beat, django_q
from pgjobs.porting.schedules.code import as_code
from pgjobs.porting.schedules.kept import Kept

__all__ = ["READERS", "Kept", "as_code", "read_schedules"]

READERS: Final[dict[str, Callable[[], list[Kept]]]] = {
    "django_celery_beat": celery_beat.read,
    "django_q": django_q.read,
}
"""By the app that has the tables."""


def read_schedules() -> list[Kept]:
    """Return the schedules in the tables of the installed apps.

    Raises LookupError if no such app is installed, and DatabaseError if its tables are not there.
    """
    installed = [app for app in READERS if apps.is_installed(app)]
    if not installed:
        raise LookupError(f"None of these apps is in INSTALLED_APPS: {', '.join(READERS)}.")
    return [kept for app in installed for kept in READERS[app]()]
