"""Schedules of system jobs: look at them, run them now, switch them off and on, edit rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from pgjobs import stats
from pgjobs.access import visible_to
from pgjobs.api.errors import Refused, bad_input, bounded
from pgjobs.api.fields import Seconds, address
from pgjobs.api.paging import Whole
from pgjobs.api.requests import NothingRequest, RuleRequest
from pgjobs.api.schema import described
from pgjobs.api.views import View
from pgjobs.models import Schedule
from pgjobs.stats import ScheduleRow
from pgjobs.steering import schedules
from pgjobs.steering.selection import all_jobs


class ScheduleShape(serializers.Serializer[Any]):
    """A system job and its rule. The last job is shown if the user may see it."""

    id = serializers.IntegerField(read_only=True)
    url = serializers.SerializerMethodField()
    display = serializers.CharField(source="job_class", read_only=True)
    job_class = serializers.CharField(read_only=True)
    rule = serializers.CharField(read_only=True)
    edited = serializers.BooleanField(read_only=True)
    enabled = serializers.BooleanField(read_only=True)
    switched_off = serializers.DateTimeField(read_only=True, allow_null=True)
    next_run = serializers.DateTimeField(read_only=True, allow_null=True)
    overdue_by = Seconds(allow_null=True)
    last_run = serializers.DateTimeField(read_only=True, allow_null=True)
    last_job_id = serializers.SerializerMethodField()
    last_status = serializers.SerializerMethodField()

    def get_url(self, schedule: ScheduleRow) -> str:
        return address(self.context["request"], "schedule-detail", schedule.id)

    def get_last_job_id(self, schedule: ScheduleRow) -> int | None:
        return schedule.last_job_id if self._is_seen(schedule) else None

    def get_last_status(self, schedule: ScheduleRow) -> str | None:
        return schedule.last_status if self._is_seen(schedule) else None

    def _is_seen(self, schedule: ScheduleRow) -> bool:
        return schedule.last_job_id in self.context["seen"]


class Ran(serializers.Serializer[Any]):
    """The job of a schedule: a new one, or the live one that holds its place already."""

    job_id = serializers.IntegerField(read_only=True)
    job = serializers.SerializerMethodField()
    is_new = serializers.BooleanField(read_only=True)

    def get_job(self, ran: dict[str, Any]) -> str:
        return address(self.context["request"], "job-detail", ran["job_id"])


class ScheduleViewSet(View):
    """The schedules of all system jobs."""

    queryset = Schedule.objects.none()
    serializer_class = ScheduleShape
    lookup_value_regex = "[^/]+"
    pagination_class = Whole
    needs = {
        "list": "pgjobs.view_schedule",
        "retrieve": "pgjobs.view_schedule",
        "run": "pgjobs.change_schedule",
        "switch_off": "pgjobs.change_schedule",
        "switch_on": "pgjobs.change_schedule",
        "edit": "pgjobs.change_schedule",
        "take_back": "pgjobs.change_schedule",
    }

    @described(responses=ScheduleShape(many=True))
    def list(self, request: Request) -> Response:
        """List the schedules, the next one first."""
        return self.whole_list(_schedules(), ScheduleShape)

    @described(responses=ScheduleShape)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one schedule."""
        return self._shown(pk)

    @described(request=NothingRequest, responses=Ran)
    @action(detail=True, methods=["post"])
    def run(self, request: Request, pk: str) -> Response:
        """Enqueue the job of a schedule now. Its next run stays as it is."""
        name = self._ordered(pk)
        with self._known():
            ran = schedules.run(name, by=self.actor)
        answer = {"job_id": ran.job.pk, "is_new": ran.is_new}
        return Response(Ran(answer, context=self.get_serializer_context()).data)

    @described(request=NothingRequest, responses=ScheduleShape)
    @action(detail=True, methods=["post"], url_path="switch-off")
    def switch_off(self, request: Request, pk: str) -> Response:
        """Let a schedule fire no more until it is switched on, across restarts and deploys."""
        return self._switch(pk, schedules.switch_off)

    @described(request=NothingRequest, responses=ScheduleShape)
    @action(detail=True, methods=["post"], url_path="switch-on")
    def switch_on(self, request: Request, pk: str) -> Response:
        """Let a schedule fire again. Due times that it has missed are left out."""
        return self._switch(pk, schedules.switch_on)

    @described(request=RuleRequest, responses=ScheduleShape)
    @action(detail=True, methods=["post"])
    def edit(self, request: Request, pk: str) -> Response:
        """Give a schedule another rule than that of the code, across restarts and deploys."""
        rule = self.body(RuleRequest)
        name = _named(pk).job_class
        with self._known(), bad_input():
            schedules.edit(name, by=self.actor, **rule)
        return self._shown(pk)

    @described(request=NothingRequest, responses=ScheduleShape)
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, pk: str) -> Response:
        """Give a schedule the rule of the code again."""
        return self._switch(pk, schedules.take_back)

    def _switch(self, pk: str, switch: Callable[..., bool]) -> Response:
        name = self._ordered(pk)
        with self._known():
            switch(name, by=self.actor)
        return self._shown(pk)

    def _ordered(self, pk: str) -> str:
        """Return the job class of the schedule that an order names."""
        self.body(NothingRequest)
        return _named(pk).job_class

    @contextmanager
    def _known(self) -> Iterator[None]:
        """Turn the refusal of a class that the code does not have any more into the answer 409."""
        try:
            yield
        except LookupError as error:
            raise Refused(str(error)) from None

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "seen": self._seen()}

    def _seen(self) -> set[int]:
        """Return the ids of the last jobs that the user may see."""
        last = Schedule.objects.using(all_jobs().db).values("last_job_id")
        return set(
            visible_to(self.request.user, all_jobs())
            .filter(pk__in=last)
            .values_list("pk", flat=True)
        )

    def _shown(self, pk: str) -> Response:
        return Response(ScheduleShape(_named(pk), context=self.get_serializer_context()).data)


def _named(pk: str) -> ScheduleRow:
    found = next((each for each in _schedules() if str(each.id) == pk), None)
    if found is None:
        raise NotFound(f"There is no schedule {pk[:20]!r}.")
    return found


def _schedules() -> list[ScheduleRow]:
    using = all_jobs().db
    with bounded(using):
        return stats.schedules(using)
