from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import QuerySet
from maintenance_tasks.task import MaintenanceTask


class Greet(MaintenanceTask):
    batch_size = 2

    def collection(self) -> QuerySet[User]:
        return User.objects.all()

    def process(self, item: User) -> None:
        User.objects.filter(pk=item.pk).update(first_name=f"Dear {item.username}")


class Break(Greet):
    def process(self, item: User) -> None:
        raise ValueError(f"{item.username} is nobody.")
