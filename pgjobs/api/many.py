"""Verbs on many jobs: bulk verbs, which ids or filters name jobs for, and pruning."""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from pgjobs.access import BULK, may, visible_to
from pgjobs.api.errors import Refused, bad_input, bounded
from pgjobs.api.fields import Labelled, address
from pgjobs.api.filters import filtered, refuse_unknown
from pgjobs.api.requests import MOST_AT_ONCE, BulkRequest, PruneRequest
from pgjobs.api.schema import described
from pgjobs.api.views import View
from pgjobs.models import JournalEntry
from pgjobs.steering import bulk
from pgjobs.steering.selection import Selection, all_jobs

_LEFT: Final = (
    "The workers carry it out. The entry of the journal names the carrier. Without a carrier it "
    "waits: each worker carries another action out, or runs an older release that knows none."
)


class Changed(serializers.Serializer[Any]):
    """The result of a bulk verb."""

    matched = serializers.IntegerField(read_only=True)
    changed = serializers.IntegerField(read_only=True)
    refused = serializers.IntegerField(
        read_only=True, help_text="Jobs that PostgreSQL refused to change"
    )
    state = Labelled(JournalEntry.State)
    journal = serializers.CharField(
        read_only=True, allow_null=True, help_text="The address of the journal entry"
    )
    note = serializers.CharField(
        read_only=True, allow_null=True, help_text="What an action waits for that still runs"
    )


class ManyJobs(View):
    """The base of the jobs' view set that changes many jobs."""

    @described(request=BulkRequest, responses=Changed, filters=False)
    @action(
        detail=False,
        methods=["post"],
        url_path="bulk",
        pagination_class=None,
        filter_backends=[],
    )
    def bulk_change(self, request: Request) -> Response:
        """Cancel, retry or delete many jobs, named by ids or by filters."""
        if not any(may(request.user, verb) for verb in BULK.values()):
            raise PermissionDenied
        wanted = self.body(BulkRequest)
        if not may(request.user, BULK[wanted["verb"]]):
            raise PermissionDenied
        if not (ids := _chosen(wanted, request.user)):
            return self._changed(None)
        entry = bulk.start(wanted["verb"], Selection(ids=tuple(ids)), by=self.actor, here=True)
        return self._changed(entry, matched=len(ids))

    @described(request=PruneRequest, responses={200: Changed, 202: Changed}, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None, filter_backends=[])
    def prune(self, request: Request) -> Response:
        """Delete the jobs that ended more than some days ago; leave many to the workers."""
        with bad_input("days"):
            old = Selection.ended_long_ago(self.body(PruneRequest)["days"])
        with bounded(all_jobs().db):
            seen: Any = visible_to(request.user, all_jobs())
            found = len(old.jobs(seen).values_list("pk")[: MOST_AT_ONCE + 1])
        if not found:
            return self._changed(None)
        try:
            entry = bulk.start("prune", old, by=self.actor, here=found <= MOST_AT_ONCE)
        except bulk.NoLivingWorker as error:
            raise Refused(f"{error} To do so: manage.py pgjobs prune --here.") from None
        return self._changed(entry, matched=entry.counted or 0)

    def _changed(self, entry: JournalEntry | None, matched: int = 0) -> Response:
        runs = entry is not None and entry.state == JournalEntry.State.RUNNING
        answer = {
            "matched": matched,
            "changed": entry.done if entry else 0,
            "refused": entry.refused if entry else 0,
            "state": entry.state if entry else JournalEntry.State.DONE,
            "journal": address(self.request, "journal-detail", entry.pk) if entry else None,
            "note": _LEFT if runs else None,
        }
        code = status.HTTP_202_ACCEPTED if runs else status.HTTP_200_OK
        return Response(Changed(answer).data, code)


def _chosen(wanted: dict[str, Any], user: Any) -> list[int]:
    """Return the ids of the jobs for a bulk verb. Jobs that ``user`` may not see are left out."""
    seen: Any = visible_to(user, all_jobs())
    with bounded(all_jobs().db):
        if "ids" in wanted:
            jobs = seen.filter(pk__in=wanted["ids"])
        else:
            jobs = filtered(seen, wanted["filter"])
        ids = list(jobs.order_by("pk").values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
        if not ids and "filter" in wanted:
            refuse_unknown(wanted["filter"], seen, under="filter")
    if len(ids) > MOST_AT_ONCE:
        raise ValidationError(
            f"More than {MOST_AT_ONCE:,} jobs match, and none was changed. Narrow the filter, "
            f"or use manage.py pgjobs {wanted['verb']}."
        )
    return ids
