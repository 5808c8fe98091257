"""The root: the addresses of the lists of this interface, and of its description."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from pgjobs.api.fields import address
from pgjobs.api.schema import described
from pgjobs.api.views import View

_VIEWS: Final = {
    "jobs": "job-list",
    "queues": "queue-list",
    "job-classes": "job-class-list",
    "workers": "worker-list",
    "schedules": "schedule-list",
    "journal": "journal-list",
    "failures": "stats-failures",
    "throughput": "stats-throughput",
    "latency": "stats-latency",
    "schema": "schema",
}


class RootShape(serializers.Serializer[Any]):
    """The address of each list."""

    def get_fields(self) -> dict[str, Any]:
        return {name: serializers.CharField(read_only=True) for name in _VIEWS}


class RootViewSet(View):
    """The root, for each signed-in user. A list needs its own permission."""

    serializer_class = RootShape
    needs: ClassVar[dict[str, Any]] = {}

    @described(responses=RootShape)
    def retrieve(self, request: Request) -> Response:
        """Show the addresses of the lists."""
        return Response({name: address(request, view) for name, view in _VIEWS.items()})
