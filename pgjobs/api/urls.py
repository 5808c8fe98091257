"""The addresses of the interface: ``path("api/pgjobs/", include("pgjobs.api.urls"))``."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from pgjobs.api.job_classes import JobClassViewSet
from pgjobs.api.jobs import JobViewSet
from pgjobs.api.journal import JournalViewSet
from pgjobs.api.numbers import StatsViewSet
from pgjobs.api.queues import QueueViewSet
from pgjobs.api.root import RootViewSet
from pgjobs.api.schedules import ScheduleViewSet
from pgjobs.api.schema_view import SchemaView
from pgjobs.api.workers import WorkerViewSet

app_name = "pgjobs-api"

router = SimpleRouter()
router.register("jobs", JobViewSet, basename="job")
router.register("queues", QueueViewSet, basename="queue")
router.register("job-classes", JobClassViewSet, basename="job-class")
router.register("workers", WorkerViewSet, basename="worker")
router.register("schedules", ScheduleViewSet, basename="schedule")
router.register("journal", JournalViewSet, basename="journal")
router.register("stats", StatsViewSet, basename="stats")

urlpatterns = [
    path("", RootViewSet.as_view({"get": "retrieve"}), name="root"),
    path("schema/", SchemaView.as_view(), name="schema"),
    *router.urls,
]
