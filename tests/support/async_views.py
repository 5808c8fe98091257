"""Asynchronous views that enqueue jobs and wait for them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone

from tests.apps.testapp.jobs import Coroutine, Noop, Tracing
from tests.urls import urlpatterns as of_tests


async def run(request: HttpRequest, label: str) -> JsonResponse:
    """Enqueue a job, wait for its end in the event loop, and answer with its status."""
    job = await Tracing.aenqueue(label=label, seconds=0.2)
    job = await job.await_(60)
    lines = [line async for line in job.log_entries.all()]
    return JsonResponse({"status": job.status, "lines": len(lines)})


async def once(request: HttpRequest) -> JsonResponse:
    """Ask for the same job several times at once, and answer with the ids."""
    tomorrow = timezone.now() + timedelta(days=1)
    jobs = await asyncio.gather(*(Noop.aenqueue_once(schedule_at=tomorrow) for _ in range(5)))
    return JsonResponse({"ids": [job.pk for job in jobs]})


async def here(request: HttpRequest) -> JsonResponse:
    """Run a coroutine as a job in this process."""
    job = await Coroutine.aenqueue(immediate=True)
    return JsonResponse({"result": job.result})


urlpatterns = [
    *of_tests,
    path("run/<str:label>/", run),
    path("once/", once),
    path("here/", here),
]
