"""Queues: list them with their live jobs, pause and resume them."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from pgjobs import stats
from pgjobs.access import Verb
from pgjobs.api.errors import bounded
from pgjobs.api.fields import Seconds, address
from pgjobs.api.paging import Whole
from pgjobs.api.requests import NothingRequest
from pgjobs.api.schema import described
from pgjobs.api.views import View
from pgjobs.models import Pause
from pgjobs.queues import known_queues
from pgjobs.stats import QueueRow
from pgjobs.steering import single
from pgjobs.steering.selection import all_jobs

_NAME: Final = OpenApiParameter("name", OpenApiTypes.STR, OpenApiParameter.PATH)


class QueueShape(serializers.Serializer[Any]):
    """A queue, the numbers of its live jobs, and how many living workers serve it."""

    name = serializers.CharField(source="queue", read_only=True)
    url = serializers.SerializerMethodField()
    display = serializers.CharField(source="queue", read_only=True)
    pending = serializers.IntegerField(read_only=True)
    scheduled = serializers.IntegerField(read_only=True)
    running = serializers.IntegerField(read_only=True)
    oldest_waiting = serializers.DateTimeField(read_only=True, allow_null=True)
    latency = Seconds(allow_null=True)
    workers = serializers.IntegerField(read_only=True)
    paused = serializers.BooleanField(read_only=True)

    def get_url(self, queue: QueueRow) -> str:
        return address(self.context["request"], "queue-detail", queue.queue)


class QueueViewSet(View):
    """The queues of the project, and other queues that have jobs or workers.

    The numbers count all jobs. No hook narrows them.
    """

    serializer_class = QueueShape
    lookup_field = "name"
    lookup_value_regex = "[^/]+"
    pagination_class = Whole
    needs = {
        "list": Verb.VIEW,
        "retrieve": Verb.VIEW,
        "pause": Verb.PAUSE,
        "resume": Verb.RESUME,
    }

    @described(responses=QueueShape(many=True))
    def list(self, request: Request) -> Response:
        """List all queues."""
        return self.whole_list(_queues(), QueueShape)

    @described(responses=QueueShape, parameters=[_NAME])
    def retrieve(self, request: Request, name: str) -> Response:
        """Show one queue."""
        return self._shown(name)

    @described(request=NothingRequest, responses=QueueShape, parameters=[_NAME])
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, name: str) -> Response:
        """Pause a queue: no worker claims its jobs until it is resumed. Running jobs go on."""
        self.body(NothingRequest)
        _check(name)
        single.pause(by=self.actor, queue=name)
        return self._shown(name)

    @described(request=NothingRequest, responses=QueueShape, parameters=[_NAME])
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, name: str) -> Response:
        """Resume a paused queue: workers claim its jobs again."""
        self.body(NothingRequest)
        _check(name)
        single.resume(by=self.actor, queue=name)
        return self._shown(name)

    def _shown(self, name: str) -> Response:
        found = next((queue for queue in _queues() if queue.queue == name), None)
        if found is None:
            raise _unknown(name)
        return Response(QueueShape(found, context=self.get_serializer_context()).data)


def _queues() -> list[QueueRow]:
    """Return the queues with jobs or workers, and then the other ones that the project has."""
    using = all_jobs().db
    with bounded(using):
        busy = stats.queues(using)
        paused = set(_pauses().filter(kind=Pause.Kind.QUEUE).values_list("name", flat=True))
    names = {queue.queue for queue in busy}
    return [*busy, *(_idle(name, name in paused) for name in known_queues() if name not in names)]


def _idle(name: str, paused: bool) -> QueueRow:
    return QueueRow(
        queue=name,
        pending=0,
        scheduled=0,
        running=0,
        oldest_waiting=None,
        latency=None,
        workers=0,
        paused=paused,
    )


def _pauses() -> Any:
    return Pause.objects.using(all_jobs().db)


def _check(name: str) -> None:
    if name not in known_queues():
        raise _unknown(name)


def _unknown(name: str) -> NotFound:
    return NotFound(f"There is no queue {name[:100]}. There are: {', '.join(known_queues())}.")
