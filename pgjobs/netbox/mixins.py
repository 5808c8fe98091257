"""``JobsMixin`` as code for NetBox uses it: the jobs of an object are those of NetBox."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from django.utils.functional import cached_property

from pgjobs import models as plain
from pgjobs.models.mixins import JobsOfObject, JobsRelation, latest_of
from pgjobs.netbox.job import Job, NetBoxJobQuerySet


class _NetBoxJobsOfObject(JobsOfObject):
    """Gives an object the manager of its jobs, which have NetBox's shapes."""

    @cached_property
    def related_manager_cls(self) -> Any:
        self.rel = copy(self.rel)
        self.rel.model = Job
        return super().related_manager_cls


class _NetBoxJobsRelation(JobsRelation):
    descriptor = _NetBoxJobsOfObject


class JobsMixin(plain.JobsMixin):
    """The mixin of `pgjobs.models`; ``obj.jobs`` and ``get_latest_jobs()`` have NetBox's shapes."""

    if TYPE_CHECKING:
        jobs: NetBoxJobQuerySet
    else:
        jobs = _NetBoxJobsRelation(
            "pgjobs.Job",
            content_type_field="object_type",
            object_id_field="object_id",
            for_concrete_model=False,
        )

    class Meta:
        abstract = True

    def get_latest_jobs(self) -> Any:
        """Return this object's finished jobs, the latest first, without their data."""
        return latest_of(Job.objects.for_object(self))
