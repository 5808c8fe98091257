"""The journal: the actions that people and programs have taken."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from pgjobs.access import BULK, may, redacted, redacted_action
from pgjobs.api.errors import Refused, bounded
from pgjobs.api.fields import Labelled, address, finite
from pgjobs.api.paging import NewestFirst
from pgjobs.api.reading import as_key
from pgjobs.api.requests import NothingRequest
from pgjobs.api.schema import described
from pgjobs.api.views import View
from pgjobs.models import JournalEntry
from pgjobs.models.job_database import job_database
from pgjobs.registry.hidden import hidden_keys
from pgjobs.steering import bulk


@extend_schema_field({"nullable": True})
class RedactedJSON(serializers.Field[Any, Any, Any, Any]):
    """A JSON column without the values of hidden keys."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        return finite(redacted(value, hidden_keys(None)))


class RedactedAction(RedactedJSON):
    """The jobs of an action, without the values of hidden keys."""

    def to_representation(self, value: Any) -> Any:
        return finite(redacted_action(value))


class EntryShape(serializers.Serializer[Any]):
    """An action. Of a bulk action ``counted`` and ``done`` tell how far it has come."""

    id = serializers.IntegerField(read_only=True)
    url = serializers.SerializerMethodField()
    display = serializers.CharField(source="__str__", read_only=True)
    created = serializers.DateTimeField(read_only=True)
    who = serializers.CharField(read_only=True)
    surface = Labelled(JournalEntry.Surface)
    verb = serializers.CharField(read_only=True)
    subject = serializers.CharField(read_only=True)
    what = RedactedAction()
    options = RedactedJSON()
    state = Labelled(JournalEntry.State)
    counted = serializers.IntegerField(read_only=True, allow_null=True)
    done = serializers.IntegerField(read_only=True)
    refused = serializers.IntegerField(read_only=True)
    error = serializers.CharField(read_only=True)
    carrier = serializers.CharField(
        read_only=True, help_text="The process that carries a bulk action out; empty if none does"
    )
    updated = serializers.DateTimeField(read_only=True)
    ended = serializers.DateTimeField(read_only=True, allow_null=True)

    def get_url(self, entry: JournalEntry) -> str:
        return address(self.context["request"], "journal-detail", entry.pk)


class JournalViewSet(View):
    """The actions on jobs, queues, schedules and workers. They may name jobs that are hidden."""

    queryset = JournalEntry.objects.none()
    serializer_class = EntryShape
    lookup_value_regex = "[^/]+"
    pagination_class = NewestFirst
    needs = dict.fromkeys(("list", "retrieve", "cancel"), "pgjobs.view_journalentry")

    @property
    def parameters(self) -> tuple[str, ...]:
        return NewestFirst().parameters if self.action == "list" else ()

    def get_queryset(self) -> Any:
        return JournalEntry.objects.using(job_database())

    @described(responses=EntryShape(many=True))
    def list(self, request: Request) -> Response:
        """List the actions, the newest first."""
        with bounded(job_database()):
            entries = self.paginate_queryset(self.get_queryset())
        shown = EntryShape(entries, many=True, context=self.get_serializer_context())
        return self.get_paginated_response(shown.data)

    @described(responses=EntryShape)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one action."""
        return self._shown(self._named(pk))

    @described(request=NothingRequest, responses=EntryShape)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop a bulk action before its next batch. Jobs that have changed stay as they are."""
        self.body(NothingRequest)
        entry = self._named(pk)
        if (needed := BULK.get(entry.verb)) is None:
            raise Refused(f"Entry {entry.pk} is no bulk action, so there is nothing to stop.")
        if not may(request.user, needed):
            raise PermissionDenied
        if not bulk.cancel_action(entry.pk, by=self.actor):
            raise Refused(f"The action {entry.pk} has ended already.")
        return self._shown(self._named(pk))

    def _named(self, pk: str) -> JournalEntry:
        entry: JournalEntry | None = self.get_queryset().filter(pk=as_key(pk)).first()
        if entry is None:
            raise NotFound(f"There is no entry {pk[:20]!r}.")
        return entry

    def _shown(self, entry: JournalEntry) -> Response:
        return Response(EntryShape(entry, context=self.get_serializer_context()).data)
