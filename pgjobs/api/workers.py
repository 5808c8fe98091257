"""Workers: list them with their states, order them to drain or to restart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from pgjobs import stats
from pgjobs.api.errors import Refused, bounded
from pgjobs.api.fields import Seconds, address
from pgjobs.api.paging import Whole
from pgjobs.api.requests import NothingRequest
from pgjobs.api.schema import described
from pgjobs.api.views import View
from pgjobs.models import WorkerProcess
from pgjobs.stats import WorkerRow
from pgjobs.steering import workers
from pgjobs.steering.selection import all_jobs
from pgjobs.steering.workers import Ordered


class WorkerShape(serializers.Serializer[Any]):
    """A worker process that has not stopped."""

    id = serializers.IntegerField(read_only=True)
    url = serializers.SerializerMethodField()
    name = serializers.CharField(read_only=True)
    display = serializers.CharField(source="name", read_only=True)
    state = serializers.CharField(read_only=True)
    ordered = serializers.CharField(
        read_only=True, allow_null=True, help_text="drain or restart; null without an order"
    )
    ordered_at = serializers.DateTimeField(read_only=True, allow_null=True)
    alive = serializers.BooleanField(read_only=True)
    queue_names = serializers.SerializerMethodField()
    running = serializers.IntegerField(read_only=True)
    slots = serializers.IntegerField(read_only=True)
    silent_for = Seconds(allow_null=True)
    birth_date = serializers.DateTimeField(source="started", read_only=True)
    uptime = Seconds()
    hostname = serializers.CharField(read_only=True)
    pid = serializers.IntegerField(read_only=True)
    code_version = serializers.CharField(read_only=True, allow_null=True)
    pgjobs_version = serializers.CharField(read_only=True, allow_null=True)
    memory = serializers.IntegerField(read_only=True, allow_null=True, help_text="MiB")

    def get_url(self, worker: WorkerRow) -> str:
        return address(self.context["request"], "worker-detail", worker.id)

    def get_queue_names(self, worker: WorkerRow) -> list[str]:
        return [str(name) for name in worker.queues]  # SQL by hand can write anything there


class WorkerViewSet(View):
    """The workers that have not stopped."""

    queryset = WorkerProcess.objects.none()
    serializer_class = WorkerShape
    lookup_value_regex = "[^/]+"
    pagination_class = Whole
    needs = {
        "list": "pgjobs.view_workerprocess",
        "retrieve": "pgjobs.view_workerprocess",
        "drain": "pgjobs.change_workerprocess",
        "restart": "pgjobs.change_workerprocess",
    }

    @described(responses=WorkerShape(many=True))
    def list(self, request: Request) -> Response:
        """List the workers that have not stopped, by name."""
        return self.whole_list(_workers(), WorkerShape)

    @described(responses=WorkerShape)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one worker that has not stopped."""
        return self._shown(pk)

    @described(request=NothingRequest, responses=WorkerShape)
    @action(detail=True, methods=["post"])
    def drain(self, request: Request, pk: str) -> Response:
        """Order a worker to end once its running jobs have ended. It claims nothing more."""
        return self._order(pk, workers.drain)

    @described(request=NothingRequest, responses=WorkerShape)
    @action(detail=True, methods=["post"])
    def restart(self, request: Request, pk: str) -> Response:
        """Order the same, and a new process with the code as it is on disk to take the place."""
        return self._order(pk, workers.restart)

    def _order(self, pk: str, give: Callable[..., Sequence[Ordered]]) -> Response:
        self.body(NothingRequest)
        worker = _named(pk)
        if not any(ordered.was_given for ordered in give([worker.id], by=self.actor)):
            raise Refused(f"Worker {worker.id} has stopped or is dead, so it can't be ordered.")
        return self._shown(pk)

    def _shown(self, pk: str) -> Response:
        return Response(WorkerShape(_named(pk), context=self.get_serializer_context()).data)


def _named(pk: str) -> WorkerRow:
    found = next((worker for worker in _workers() if str(worker.id) == pk), None)
    if found is None:
        raise NotFound(f"There is no worker {pk[:20]!r}, or it has stopped.")
    return found


def _workers() -> list[WorkerRow]:
    using = all_jobs().db
    with bounded(using):
        return stats.workers(using)
