"""Jobs, lines of their logs and reasons in answers. The names and shapes are NetBox's where it has
them."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pgjobs.access import redacted_column
from pgjobs.api.fields import Labelled, Seconds, UserBrief, address, finite
from pgjobs.choices import JobNotification, JobStatus
from pgjobs.models import Job
from pgjobs.rows.failure import shown


class ObjectBrief(serializers.Serializer[Any]):
    """The object that a job is about."""

    id = serializers.CharField(source="pk", read_only=True)
    display = serializers.SerializerMethodField()

    def get_display(self, found: Any) -> str:
        return shown(found, str)


class WorkerBrief(serializers.Serializer[Any]):
    """The worker that took a job last."""

    id = serializers.IntegerField(read_only=True)
    display = serializers.CharField(source="name", read_only=True)


class Progress(serializers.Serializer[Any]):
    """How far a job has come."""

    percent = serializers.IntegerField(source="progress_percent", read_only=True, allow_null=True)
    message = serializers.CharField(source="progress_message", read_only=True, allow_null=True)


@extend_schema_field({"nullable": True})
class RedactedColumn(serializers.Field[Any, Any, Any, Any]):
    """A JSON column of a job without the values of hidden keys."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="*", read_only=True, **kwargs)

    def to_representation(self, job: Job) -> Any:
        return finite(redacted_column(job, str(self.field_name)))


class JobInList(serializers.Serializer[Any]):
    """A job without its long columns. ``error`` is the first line of the error."""

    id = serializers.IntegerField(read_only=True)
    url = serializers.SerializerMethodField()
    display_url = serializers.SerializerMethodField()
    display = serializers.CharField(source="name", read_only=True)
    job_id = serializers.IntegerField(read_only=True)
    job_class = serializers.CharField(read_only=True)
    object_type = serializers.SerializerMethodField()
    object_id = serializers.CharField(read_only=True, allow_null=True)
    object = ObjectBrief(source="found_object", read_only=True, allow_null=True)
    name = serializers.CharField(read_only=True)
    status = Labelled(JobStatus)
    queue_name = serializers.CharField(read_only=True)
    priority = serializers.IntegerField(read_only=True)
    created = serializers.DateTimeField(read_only=True)
    scheduled = serializers.DateTimeField(read_only=True, allow_null=True)
    interval = serializers.IntegerField(read_only=True, allow_null=True)
    started = serializers.DateTimeField(read_only=True, allow_null=True)
    completed = serializers.DateTimeField(read_only=True, allow_null=True)
    cancel_requested = serializers.DateTimeField(read_only=True, allow_null=True)
    late_by = Seconds(source="figures.late_by", allow_null=True)
    execution_time = Seconds(source="figures.duration", allow_null=True)
    time_limit = Seconds(source="figures.time_limit", allow_null=True)
    attempt = serializers.IntegerField(read_only=True)
    max_attempts = serializers.IntegerField(read_only=True)
    interruptions = serializers.IntegerField(read_only=True)
    progress = Progress(source="figures", read_only=True)
    user = UserBrief(read_only=True, allow_null=True)
    worker = WorkerBrief(read_only=True, allow_null=True)
    notifications = Labelled(JobNotification)
    error = serializers.CharField(source="figures.error", read_only=True)

    def get_url(self, job: Job) -> str:
        return address(self.context["request"], "job-detail", job.pk)

    def get_display_url(self, job: Job) -> str:
        page = job.get_absolute_url()
        return self.context["request"].build_absolute_uri(page) if page else ""

    def get_object_type(self, job: Job) -> str | None:
        kind: ContentType | None = job.object_type
        return None if kind is None else f"{kind.app_label}.{kind.model}"


class JobWhole(JobInList):
    """A job with its arguments, results and errors. Values of hidden keys are redacted."""

    error = serializers.CharField(read_only=True)
    args = RedactedColumn()
    kwargs = RedactedColumn()
    data = RedactedColumn()  # type: ignore[assignment]  # DRF takes fields off the class
    result = RedactedColumn()
    meta = RedactedColumn()
    errors = RedactedColumn()  # type: ignore[assignment]


class LogLine(serializers.Serializer[Any]):
    """A line of a job's log."""

    id = serializers.IntegerField(read_only=True)
    attempt = serializers.IntegerField(read_only=True)
    timestamp = serializers.DateTimeField(read_only=True)
    level = serializers.CharField(read_only=True)
    message = serializers.CharField(read_only=True)


class ReasonShape(serializers.Serializer[Any]):
    """A reason why a job waits, or its end."""

    reason = serializers.CharField(read_only=True)
    evidence = serializers.CharField(read_only=True)
    since = serializers.DateTimeField(read_only=True, allow_null=True)
