"""Jobs: list, look at, enqueue, cancel, retry, run again and delete them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from pgjobs import stats
from pgjobs.access import Verb, may, visible_to, without_other_jobs
from pgjobs.api import verbs
from pgjobs.api.errors import Refused, bounded
from pgjobs.api.fields import address
from pgjobs.api.filters import JobFilters, StrictBackend, refuse_unknown
from pgjobs.api.job_shapes import JobInList, JobWhole, LogLine, ReasonShape
from pgjobs.api.many import ManyJobs
from pgjobs.api.paging import NewestFirst
from pgjobs.api.reading import as_key
from pgjobs.api.requests import (
    CancelRequest,
    EnqueueRequest,
    NothingRequest,
    RerunRequest,
    existing_object,
)
from pgjobs.api.schema import described
from pgjobs.models import Job, JobLogEntry
from pgjobs.models.job_objects import find_objects
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.rows.columns import WIDE
from pgjobs.steering import single
from pgjobs.steering.selection import all_jobs


class OldestFirst(NewestFirst):
    """The lines of a log in their order."""

    ordering = "id"


class JobViewSet(ManyJobs):
    """The jobs that the user may see."""

    queryset = Job.objects.none()
    serializer_class = JobWhole
    lookup_value_regex = "[^/]+"
    filter_backends = [StrictBackend]
    filterset_class = JobFilters
    pagination_class = NewestFirst
    needs = {
        "list": Verb.VIEW,
        "retrieve": Verb.VIEW,
        "logs": Verb.VIEW,
        "why": Verb.VIEW,
        "create": Verb.ENQUEUE,
        "cancel": Verb.CANCEL,
        "retry": Verb.RETRY,
        "rerun": Verb.ENQUEUE,
        "prune": Verb.DELETE,
        "destroy": Verb.DELETE,
    }

    @property
    def parameters(self) -> tuple[str, ...]:
        if self.action == "list":
            return (*JobFilters.base_filters, *NewestFirst().parameters)
        return NewestFirst().parameters if self.action == "logs" else ()

    def get_queryset(self) -> JobQuerySet[Job]:
        jobs: Any = visible_to(self.request.user, all_jobs())
        return jobs.select_related("object_type", "worker", "user")  # type: ignore[no-any-return]

    # Looking ------------------------------------------------------------------------------

    @described(responses=JobInList(many=True))
    def list(self, request: Request) -> Response:
        """List jobs, the newest first."""
        with bounded(all_jobs().db):
            jobs = self.paginate_queryset(self.filter_queryset(self.get_queryset().defer(*WIDE)))
            if not jobs:
                refuse_unknown(request.query_params, self.get_queryset())
            shown = _with_figures(jobs or [])
        answer = JobInList(shown, many=True, context=self.get_serializer_context())
        return self.get_paginated_response(answer.data)

    @described(responses=JobWhole)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one job with its arguments, results and errors."""
        return Response(self._whole(self._job(pk)))

    @described(responses=LogLine(many=True), filters=False)
    @action(detail=True, pagination_class=OldestFirst, filter_backends=[])
    def logs(self, request: Request, pk: str) -> Response:
        """List the lines of a job's log, the oldest first."""
        job = self._job(pk)
        lines = JobLogEntry.objects.using(job._state.db).filter(job=job)
        page = self.paginate_queryset(lines)
        return self.get_paginated_response(LogLine(page, many=True).data)

    @described(responses=ReasonShape(many=True), filters=False)
    @action(detail=True, pagination_class=None, filter_backends=[])
    def why(self, request: Request, pk: str) -> Response:
        """Say why a job waits, or how it ended, the first reason first."""
        job = self._job(pk)
        with bounded(all_jobs().db):
            reasons = without_other_jobs(stats.why(job.pk, all_jobs().db))
        return Response(ReasonShape(reasons, many=True).data)

    # Steering -----------------------------------------------------------------------------

    @described(request=EnqueueRequest, responses={201: JobWhole})
    def create(self, request: Request) -> Response:
        """Enqueue a job of a class that is launchable."""
        wanted = self.body(EnqueueRequest)
        label, key = wanted.pop("object_type", None), wanted.pop("object_id", None)
        about = None if label is None else existing_object(label, key, request.user)
        job = verbs.enqueue(wanted, about, request.user, self.actor)
        return self._created(job)

    @described(request=CancelRequest, responses=JobWhole)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel a job: at once if it waits; a running job is told to stop within a second."""
        keep = self.body(CancelRequest)["keep_schedule"]
        job = self._job(pk)
        with verbs.refusals():
            if not single.cancel(job, by=self.actor, keep_schedule=keep):
                raise Refused(f"Job {job.pk} has finished.")
        return Response(self._whole(self._job(pk)))

    @described(request=NothingRequest, responses=JobWhole)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Make a finished job pending again."""
        self.body(NothingRequest)
        job = self._job(pk)
        with verbs.refusals():
            if not single.retry(job, by=self.actor):
                raise Refused(
                    f"Job {job.pk} has not finished, or a live job holds its enqueue_once() place."
                )
        return Response(self._whole(self._job(pk)))

    @described(request=RerunRequest, responses={201: JobWhole})
    @action(detail=True, methods=["post"])
    def rerun(self, request: Request, pk: str) -> Response:
        """Enqueue a new job as a job of a launchable class, with some other arguments."""
        if not may(request.user, Verb.VIEW):  # the answer shows the arguments of the old job
            raise PermissionDenied
        changes = self.body(RerunRequest)["kwargs"]
        again = verbs.rerun(self._job(pk), changes, request.user, self.actor)
        return self._created(again)

    @described(responses={204: OpenApiResponse(description="The job is deleted.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a finished job with its log."""
        job = self._job(pk)
        with verbs.refusals():
            if not single.delete(job, by=self.actor):
                raise Refused(f"Job {job.pk} has not finished. Cancel it before you delete it.")
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _created(self, job: Job) -> Response:
        headers = {"Location": address(self.request, "job-detail", job.pk)}
        answer = self._whole(self._job(str(job.pk)))
        return Response(answer, status.HTTP_201_CREATED, headers=headers)

    def _job(self, pk: str) -> Job:
        """Return the job, if the user may see it. Raises NotFound."""
        key = as_key(pk)
        job = None if key is None else self.get_queryset().filter(pk=key).first()
        if job is None:
            raise NotFound(f"There is no job {pk[:20]!r}, or you may not see it.")
        return job

    def _whole(self, job: Job) -> Any:
        shown = _with_figures([job])
        if not shown:
            raise NotFound(f"Job {job.pk} was deleted just now.")
        return JobWhole(shown[0], context=self.get_serializer_context()).data


def _with_figures(jobs: list[Job]) -> list[Job]:
    """Return the ``jobs`` that still exist, each with its object and its figures."""
    figures = stats.figures([job.pk for job in jobs], all_jobs().db) if jobs else {}
    find_objects(jobs)
    for job in jobs:
        job.figures = figures.get(job.pk)  # type: ignore[attr-defined]
    return [job for job in jobs if job.pk in figures]
