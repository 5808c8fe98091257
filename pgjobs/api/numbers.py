"""Numbers of jobs that have ended, from statistics that outlive the pruning of the jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, get_args

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from pgjobs import stats
from pgjobs.access import Verb, visible_to
from pgjobs.api.errors import bounded
from pgjobs.api.fields import Seconds, address
from pgjobs.api.paging import Whole
from pgjobs.api.schema import described
from pgjobs.api.views import View
from pgjobs.conf import get_settings
from pgjobs.stats import FailureFingerprint
from pgjobs.stats.counted import Span
from pgjobs.steering.selection import all_jobs

_SPANS: Final = get_args(Span)
_SPAN: Final = OpenApiParameter("span", enum=_SPANS, default="hour", description="The last …")


class FailureShape(serializers.Serializer[Any]):
    """Ends as errored or failed that have one cause, and the newest of these jobs.

    The job may be pruned.
    """

    job_class = serializers.CharField(read_only=True)
    exception = serializers.CharField(read_only=True)
    frame = serializers.CharField(
        read_only=True, help_text="The place in the project that raised the exception"
    )
    jobs = serializers.IntegerField(read_only=True)
    first_seen = serializers.DateTimeField(read_only=True)
    last_seen = serializers.DateTimeField(read_only=True)
    example_id = serializers.IntegerField(read_only=True)
    example = serializers.SerializerMethodField()

    def get_example(self, kind: FailureFingerprint) -> str:
        return address(self.context["request"], "job-detail", kind.example_id)


class ThroughputShape(serializers.Serializer[Any]):
    """The ends of jobs of one class and queue."""

    job_class = serializers.CharField(read_only=True)
    queue_name = serializers.CharField(source="queue", read_only=True)
    completed = serializers.IntegerField(read_only=True)
    errored = serializers.IntegerField(read_only=True)
    failed = serializers.IntegerField(read_only=True)
    cancelled = serializers.IntegerField(read_only=True)
    per_minute = serializers.FloatField(read_only=True)
    run_time = Seconds()


class LatencyShape(serializers.Serializer[Any]):
    """Percentiles of the run times and waits of jobs of one class and queue."""

    job_class = serializers.CharField(read_only=True)
    queue_name = serializers.CharField(source="queue", read_only=True)
    jobs = serializers.IntegerField(read_only=True)
    run_p50 = Seconds(allow_null=True)
    run_p95 = Seconds(allow_null=True)
    run_p99 = Seconds(allow_null=True)
    wait_p50 = Seconds(allow_null=True)
    wait_p95 = Seconds(allow_null=True)
    wait_p99 = Seconds(allow_null=True)


class StatsViewSet(View):
    """Numbers over all jobs, also over jobs that the hook of the project hides."""

    serializer_class = ThroughputShape
    pagination_class = Whole
    needs = {"failures": Verb.VIEW, "throughput": Verb.VIEW, "latency": Verb.VIEW}

    @property
    def parameters(self) -> tuple[str, ...]:
        return () if self.action == "failures" else ("span",)

    @described(responses=ThroughputShape(many=True), parameters=[_SPAN])
    @action(detail=False)
    def throughput(self, request: Request) -> Response:
        """Count the ends of jobs by class and queue, the most first."""
        return self._of_span(stats.throughput, ThroughputShape)

    @described(responses=LatencyShape(many=True), parameters=[_SPAN])
    @action(detail=False)
    def latency(self, request: Request) -> Response:
        """Show run times and waits by class and queue, the longest run times first."""
        return self._of_span(stats.latency, LatencyShape)

    @described(responses=FailureShape(many=True))
    @action(detail=False)
    def failures(self, request: Request) -> Response:
        """List the kinds of failure, the newest first.

        If a hook hides jobs, a kind is listed only if the user may see its example.
        """
        with bounded(all_jobs().db):
            kinds = stats.failure_kinds(using=all_jobs().db)
            if get_settings().VISIBLE_JOBS:
                kinds = _seen(kinds, request.user)
        return self.whole_list(kinds, FailureShape)

    def _of_span(self, read: Callable[..., list[Any]], shape: type[Any]) -> Response:
        span = self.request.query_params.get("span", "hour")
        if span not in _SPANS:
            raise ValidationError({"span": [f"This must be one of {', '.join(_SPANS)}."]})
        with bounded(all_jobs().db):
            rows = read(span, all_jobs().db)
        return self.whole_list(rows, shape)


def _seen(kinds: list[FailureFingerprint], user: Any) -> list[FailureFingerprint]:
    examples = [kind.example_id for kind in kinds]
    jobs = visible_to(user, all_jobs()).filter(pk__in=examples)
    seen = set(jobs.values_list("pk", flat=True))
    return [kind for kind in kinds if kind.example_id in seen]
