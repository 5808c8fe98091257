"""The user of the demo's admin."""

from __future__ import annotations

import secrets
from typing import Final

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.management.base import CommandError

USERNAME: Final = "demo"
EMAIL: Final = "demo@pgjobs.invalid"
"""Marks the user that the demo created."""


def create_user() -> str:
    """Give the demo's administrator a new password, and return the password.

    Raises CommandError if the database has a user of this name whom the demo did not create.
    """
    password = secrets.token_urlsafe(12)
    users = get_user_model()._default_manager
    if users.filter(username=USERNAME).exclude(email=EMAIL).exists():
        raise CommandError(
            f"The database has a user {USERNAME!r} already, whose password and rights the demo "
            "would replace. Rename the user, or use another database."
        )
    users.update_or_create(
        username=USERNAME,
        defaults={
            "email": EMAIL,
            "is_staff": True,
            "is_superuser": True,
            "is_active": True,
            "password": make_password(password),
        },
    )
    return password
