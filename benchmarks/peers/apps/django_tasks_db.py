from __future__ import annotations

import django
from django.core.management import call_command
from django.db import transaction


def enqueue(jobs: int) -> None:
    django.setup()
    from benchmarks.peers.apps.django_task import nothing

    call_command("migrate", verbosity=0)
    with transaction.atomic():  # It has no bulk call: one transaction is the most there is.
        for _ in range(jobs):
            nothing.enqueue()
