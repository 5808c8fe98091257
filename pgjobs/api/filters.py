"""The filters of lists and of bulk verbs: the filters of the commands, with NetBox's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import django_filters
from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError as FieldError
from django.utils.datastructures import MultiValueDict
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from pgjobs.access import with_arguments
from pgjobs.api.errors import bad_input
from pgjobs.api.reading import LARGEST_KEY, Document, as_key
from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.steering.known import unknown_classes, unknown_queue
from pgjobs.steering.selection import MOST_IDS, Selection
from pgjobs.steering.texts import classes

_SPAN: Final = "such as 90s, 15m, 2h, 3d or 1w, or a moment in ISO 8601"


class _Texts(forms.MultipleChoiceField):
    """Takes any texts."""

    def valid_value(self, value: Any) -> bool:
        return True


class _Ids(_Texts):
    def clean(self, value: Any) -> list[int]:
        return [key(text) for text in super().clean(value)]


@extend_schema_field({"type": "string"})
class Texts(django_filters.MultipleChoiceFilter):
    """A filter that can be given several times."""

    field_class = _Texts


@extend_schema_field({"type": "integer", "minimum": 0, "maximum": LARGEST_KEY})
class Ids(django_filters.MultipleChoiceFilter):
    field_class = _Ids


def key(text: str) -> int:
    """Return the key that ``text`` is. Raises FieldError for a text that no row has as its key."""
    if (number := as_key(text)) is None:
        raise FieldError(f"This must be a whole number from 0 to {LARGEST_KEY}.")
    return number


class _Key(forms.CharField):
    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        return key(text) if text else None


class _UserKey(forms.CharField):
    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return get_user_model()._meta.pk.to_python(text) if text else None


@extend_schema_field({"type": "integer", "minimum": 0, "maximum": LARGEST_KEY})
class KeyFilter(django_filters.Filter):
    field_class = _Key


@extend_schema_field({"type": "string"})
class UserFilter(django_filters.Filter):
    field_class = _UserKey


class JobFilters(django_filters.FilterSet):
    """A job has to pass all filters that are given."""

    id = Ids(label="Jobs with one of these ids")
    status = django_filters.MultipleChoiceFilter(
        choices=JobStatus.choices, label="Jobs in one of these statuses"
    )
    queue_name = django_filters.CharFilter(label="Jobs of this queue")
    job_class = django_filters.CharFilter(
        label="Jobs of this class; the end of its dotted path is enough"
    )
    object = django_filters.CharFilter(label="Jobs about this object, as app.model:key")
    user_id = UserFilter(label="Jobs of the user with this key")
    worker = KeyFilter(label="Jobs that this worker took last")
    since = django_filters.CharFilter(label=f"Jobs created in this time, {_SPAN}")
    before = django_filters.CharFilter(label=f"Jobs created before this moment, {_SPAN}")
    ended = django_filters.CharFilter(label=f"Jobs that ended in this time, {_SPAN}")
    ended_before = django_filters.CharFilter(label=f"Jobs that ended before this moment, {_SPAN}")
    attempt = django_filters.CharFilter(label="Jobs with so many attempts, such as 2, >1 or <=3")
    name = django_filters.CharFilter(label="Jobs whose name begins so, in either case")
    arg = Texts(label="Jobs with this argument, as name=value; the value is JSON or a text")
    error = django_filters.CharFilter(label="Jobs with this text in their error, in either case")
    failure = django_filters.CharFilter(
        label="Jobs whose last failed attempt raised this exception, as exception or "
        "exception@frame of stats/failures/"
    )
    text = Texts(label="Jobs with this text in their name, class or error, in either case")

    class Meta:
        model = Job
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: Any) -> Any:
        given: dict[str, Any] = dict(self.form.cleaned_data)
        user_id = given.pop("user_id")
        names = {"id": "ids", "queue_name": "queue"}
        with bad_input():
            wanted = Selection.of_texts({names.get(name, name): given[name] for name in given})
            jobs = queryset if wanted.is_empty else wanted.jobs(queryset)
            if wanted.arg:
                jobs = jobs.filter(with_arguments(dict(wanted.arg), wanted.job_class or None))
        return jobs if user_id is None else jobs.filter(user=user_id)


def refuse_unknown(
    given: Mapping[str, Any], jobs: JobQuerySet[Job], *, under: str | None = None
) -> None:
    """Raise ValidationError for a queue or a job class that is known nowhere.

    ``given`` are filters that none of ``jobs`` passes. An empty list would hide a typing error.
    """
    said = {}
    if queue := given.get("queue_name"):
        said["queue_name"] = unknown_queue(queue, jobs)
    if end := given.get("job_class"):
        said["job_class"] = unknown_classes(classes(end), jobs)
    if faults := {name: [fault] for name, fault in said.items() if fault}:
        raise ValidationError({under: faults} if under else faults)


class StrictBackend(DjangoFilterBackend):
    """Refuses an empty value and a second one: Django would pass over either without a word."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        for name, values in request.query_params.lists():
            filter_ = JobFilters.base_filters.get(name)
            if filter_ is None:
                continue
            if not all(value.strip() for value in values):
                raise ValidationError({name: ["This must not be empty."]})
            if len(values) > 1 and not isinstance(filter_, django_filters.MultipleChoiceFilter):
                raise ValidationError({name: ["This can be given only once."]})
        return super().filter_queryset(request, queryset, view)


class JobFilterDocument(Document):
    """The filters of jobs. At least one must be given."""

    id = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=LARGEST_KEY),
        required=False,
        allow_empty=False,
        max_length=MOST_IDS,
    )
    status = serializers.ListField(
        child=serializers.ChoiceField(choices=JobStatus.choices), required=False, allow_empty=False
    )
    queue_name = serializers.CharField(required=False)
    job_class = serializers.CharField(required=False)
    object = serializers.CharField(required=False)
    user_id = serializers.CharField(required=False)
    worker = serializers.IntegerField(required=False, min_value=0, max_value=LARGEST_KEY)
    since = serializers.CharField(required=False)
    before = serializers.CharField(required=False)
    ended = serializers.CharField(required=False)
    ended_before = serializers.CharField(required=False)
    attempt = serializers.CharField(required=False)
    name = serializers.CharField(required=False)
    arg = serializers.ListField(
        child=serializers.CharField(), required=False, allow_empty=False, max_length=100
    )
    error = serializers.CharField(required=False)
    failure = serializers.CharField(required=False)
    text = serializers.ListField(
        child=serializers.CharField(), required=False, allow_empty=False, max_length=100
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise ValidationError("Give at least one filter.")
        return attrs


def filtered(jobs: JobQuerySet[Job], filters: dict[str, Any]) -> JobQuerySet[Job]:
    """Return the ``jobs`` that pass the ``filters`` of a document. Raises ValidationError."""
    texts = {
        name: [str(each) for each in (value if isinstance(value, list) else [value])]
        for name, value in filters.items()
    }
    chosen = JobFilters(data=MultiValueDict(texts), queryset=jobs)
    if not chosen.is_valid():
        raise ValidationError({"filter": chosen.errors})
    found: Any = chosen.qs
    return found  # type: ignore[no-any-return]
