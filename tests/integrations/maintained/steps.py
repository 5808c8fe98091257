from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from maintenance_tasks import runner
from maintenance_tasks.models import Run


def add_users(number: int) -> None:
    User.objects.bulk_create(User(username=f"user {i}") for i in range(number))


def start(name: str) -> int:
    return int(runner.start(f"tests.integrations.maintained.maintenance_tasks.{name}").pk)


def change(verb: str, run: int) -> None:
    getattr(runner, verb)(Run.objects.get(pk=run))


def state_of(run: int) -> list[Any]:
    found = Run.objects.get(pk=run)
    return [found.status, found.tick_count, found.error_class]


def greeted() -> int:
    return User.objects.filter(first_name__startswith="Dear").count()
