"""Job classes: list them, pause and resume their jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from pgjobs.access import Verb
from pgjobs.api.errors import bounded
from pgjobs.api.fields import address
from pgjobs.api.paging import Whole
from pgjobs.api.requests import NothingRequest
from pgjobs.api.schema import described
from pgjobs.api.views import View
from pgjobs.models import Pause
from pgjobs.registry.names import registered
from pgjobs.steering import single
from pgjobs.steering.selection import all_jobs

_PATH: Final = OpenApiParameter("path", OpenApiTypes.STR, OpenApiParameter.PATH)


@dataclass(frozen=True, slots=True)
class JobClassRow:
    """A job class or function by its dotted path, and since when it is paused."""

    path: str
    paused_since: datetime | None = None

    @property
    def paused(self) -> bool:
        return self.paused_since is not None


class JobClassShape(serializers.Serializer[Any]):
    """A job class or function, and whether its jobs are paused."""

    path = serializers.CharField(read_only=True)
    url = serializers.SerializerMethodField()
    display = serializers.CharField(source="path", read_only=True)
    paused = serializers.BooleanField(read_only=True)
    paused_since = serializers.DateTimeField(read_only=True, allow_null=True)

    def get_url(self, row: JobClassRow) -> str:
        return address(self.context["request"], "job-class-detail", row.path)


class JobClassViewSet(View):
    """The job classes of the project's code, and paused ones that the code no longer has."""

    serializer_class = JobClassShape
    lookup_field = "path"
    lookup_value_regex = "[^/]+"
    pagination_class = Whole
    needs = {
        "list": Verb.VIEW,
        "retrieve": Verb.VIEW,
        "pause": Verb.PAUSE,
        "resume": Verb.RESUME,
    }

    @described(responses=JobClassShape(many=True))
    def list(self, request: Request) -> Response:
        """List the job classes by their dotted paths."""
        return self.whole_list(_rows(), JobClassShape)

    @described(responses=JobClassShape, parameters=[_PATH])
    def retrieve(self, request: Request, path: str) -> Response:
        """Show one job class."""
        return self._shown(_named(path))

    @described(request=NothingRequest, responses=JobClassShape, parameters=[_PATH])
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, path: str) -> Response:
        """Pause a job class: no worker claims its jobs until it is resumed. Running jobs go on."""
        self.body(NothingRequest)
        if path not in registered():
            raise _unknown(path)
        single.pause(by=self.actor, job_class=path)
        return self._shown(_named(path))

    @described(request=NothingRequest, responses=JobClassShape, parameters=[_PATH])
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, path: str) -> Response:
        """Resume a paused job class: workers claim its jobs again."""
        self.body(NothingRequest)
        _named(path)
        single.resume(by=self.actor, job_class=path)
        return self._shown(JobClassRow(path))

    def _shown(self, row: JobClassRow) -> Response:
        return Response(JobClassShape(row, context=self.get_serializer_context()).data)


def _named(path: str) -> JobClassRow:
    """Return the job class with this path. Raises NotFound if the project has none."""
    found = next((row for row in _rows() if row.path == path), None)
    if found is None:
        raise _unknown(path)
    return found


def _rows() -> list[JobClassRow]:
    """Return the registered and the paused classes, sorted by their paths."""
    using = all_jobs().db
    with bounded(using):
        pauses = Pause.objects.using(using).filter(kind=Pause.Kind.JOB_CLASS)
        paused = dict(pauses.values_list("name", "since"))
    return [JobClassRow(path, paused.get(path)) for path in sorted({*registered(), *paused})]


def _unknown(path: str) -> NotFound:
    known = ", ".join(sorted(registered())) or "none"
    return NotFound(f"There is no job class {path[:200]}. There are: {known}.")
