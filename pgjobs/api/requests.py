"""The bodies of requests that change jobs."""

from __future__ import annotations

from typing import Any, Final

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from django.core.exceptions import ValidationError as FieldError
from django.db import DataError, ProgrammingError, models, router, transaction
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from pgjobs.access import launchable
from pgjobs.api.filters import JobFilterDocument
from pgjobs.api.reading import LARGEST_KEY, Document
from pgjobs.choices import JobNotification

MOST_AT_ONCE: Final = 10_000
"""Jobs that a bulk verb changes in one request."""


class CancelRequest(Document):
    keep_schedule = serializers.BooleanField(
        default=False, help_text="Skip only this run of a recurring job: its next run stays."
    )


class NothingRequest(Document):
    """An empty body, or an empty JSON object."""


class RerunRequest(Document):
    """The arguments that the new job has instead of those of the old one."""

    kwargs = serializers.DictField(default=dict, help_text="The changed arguments of run()")


class PruneRequest(Document):
    """The age of the jobs to delete."""

    days = serializers.IntegerField(help_text="The jobs that ended more than so many days ago")


class RuleRequest(Document):
    """Another rule for a schedule: either minutes or a cron expression."""

    interval = serializers.IntegerField(required=False, help_text="Minutes between two runs")
    cron = serializers.CharField(required=False, help_text='Five fields, such as "15 3 * * *"')

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise ValidationError("Give either interval (minutes) or cron.")
        return attrs


class BulkRequest(Document):
    """A verb, and the jobs that it is for: either ids or filters."""

    verb = serializers.ChoiceField(choices=["cancel", "retry", "delete"])
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=LARGEST_KEY),
        required=False,
        allow_empty=False,
        max_length=MOST_AT_ONCE,
    )
    filter = JobFilterDocument(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == ("filter" in attrs):
            raise ValidationError("Give either ids or filter.")
        return attrs


class EnqueueRequest(Document):
    """A job of a class with ``Meta.launchable``, and the arguments of its ``run()``."""

    job_class = serializers.CharField(help_text="The dotted path of the class or function")
    kwargs = serializers.DictField(default=dict, help_text="The arguments of run()")
    object_type = serializers.CharField(
        required=False, help_text="app.model of the object that the job is about"
    )
    object_id = serializers.CharField(required=False, max_length=255)
    queue_name = serializers.CharField(required=False)
    schedule_at = serializers.DateTimeField(required=False, help_text="Not before this moment")
    interval = serializers.IntegerField(required=False, help_text="Minutes between two runs")
    priority = serializers.IntegerField(required=False)
    timeout = serializers.IntegerField(required=False, help_text="Seconds")
    max_attempts = serializers.IntegerField(required=False)
    notifications = serializers.ChoiceField(required=False, choices=JobNotification.choices)
    name = serializers.CharField(
        required=False, help_text="Only for a function of @pgjobs.register"
    )
    once = serializers.BooleanField(
        default=False, help_text="Unless a live job of this class and object exists"
    )

    def validate_job_class(self, path: str) -> str:
        if path not in (known := launchable()):
            listed = ", ".join(sorted(known)) or "none"
            raise ValidationError(f"This class can't be enqueued here. Launchable are: {listed}.")
        return path

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("object_type" in attrs) != ("object_id" in attrs):
            raise ValidationError("object_type and object_id belong together.")
        return attrs


def existing_object(label: str, key: str, user: Any) -> models.Model:
    """Return the object of a new job.

    Raises ValidationError if there is no such object. If the user lacks the permission to view
    objects of its model, the answer is the same.
    """
    try:
        model: type[models.Model] = apps.get_model(label)
    except (LookupError, ValueError):
        raise ValidationError({"object_type": ["There is no such model."]}) from None
    using = router.db_for_write(model)
    try:
        if user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}"):
            # A savepoint, because an error would end the transaction of the request.
            with transaction.atomic(using=using):
                return model._base_manager.using(using).get(pk=model._meta.pk.to_python(key))
    # A model has no table if it is not managed, or if the project has another model of users.
    except (ObjectDoesNotExist, FieldError, ValueError, OverflowError, DataError, ProgrammingError):
        pass
    raise ValidationError(
        {"object_id": [f"There is no such {model._meta.label}, or you may not view it."]}
    )
