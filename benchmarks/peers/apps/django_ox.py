from __future__ import annotations

import django
from django.core.management import call_command


def enqueue(jobs: int) -> None:
    django.setup()
    from django_ox.bulk import enqueue_many

    from benchmarks.peers.apps.django_task import nothing

    call_command("migrate", verbosity=0)
    enqueue_many(nothing, [((), {})] * jobs)
