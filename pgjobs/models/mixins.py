"""The mixin for models that jobs can be about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.fields import (
    GenericRelation,
    ReverseGenericManyToOneDescriptor,
)
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.signals import class_prepared, pre_delete
from django.utils.functional import cached_property

from pgjobs.choices import FINISHED
from pgjobs.models.deletions import (
    abandon_jobs,
    hold_jobs_of_user,
    remember_batch,
    same_objects,
)
from pgjobs.models.job import Job
from pgjobs.models.job_queryset import JobQuerySet

Q = TypeVar("Q", bound="models.QuerySet[Any]")


class JobsOfObject(ReverseGenericManyToOneDescriptor):
    """Gives an object the manager of its jobs.

    Django's manager fixes the database that the router reads from. The verbs would write there too,
    and it may be a replica.
    """

    @cached_property
    def related_manager_cls(self) -> Any:
        class JobsOfObjectManager(super().related_manager_cls):  # type: ignore[misc]
            def get_queryset(self) -> Any:
                jobs = super().get_queryset()
                jobs._db = self._db
                jobs._add_hints(instance=self.instance)
                return jobs

        return JobsOfObjectManager


class JobsRelation(GenericRelation):
    """The jobs of an object. Deleting the object deletes its finished jobs only."""

    descriptor: ClassVar[type[JobsOfObject]] = JobsOfObject

    def contribute_to_class(self, cls: Any, name: str, *args: Any, **kwargs: Any) -> None:
        super().contribute_to_class(cls, name, *args, **kwargs)
        if not cls._meta.abstract:
            setattr(cls, name, self.descriptor(cast(Any, self.remote_field)))

    def bulk_related_objects(self, objs: list[models.Model], using: str = DEFAULT_DB_ALIAS) -> Any:
        remember_batch(objs)
        return super().bulk_related_objects(objs, using).filter(status__in=FINISHED)


class JobsMixin(models.Model):
    """Lets jobs be about objects of this model: ``SomeJob.enqueue(obj)``, ``obj.jobs``.

    Deleting an object deletes its finished jobs and cancels its waiting jobs. A running job
    goes on and ends without a successor.

    For jobs, a proxy is a model of its own: ``obj.jobs`` holds the jobs about the object as this
    model. Deleting the object by either model deletes or cancels the jobs of both.
    """

    if TYPE_CHECKING:
        jobs: JobQuerySet[Job]
    else:
        jobs = JobsRelation(
            "pgjobs.Job",
            content_type_field="object_type",
            object_id_field="object_id",
            for_concrete_model=False,
        )
    supports_jobs: ClassVar[bool] = True

    class Meta:
        abstract = True

    def get_latest_jobs(self) -> JobQuerySet[Job]:
        """Return this object's finished jobs, the latest first, without their data."""
        return latest_of(Job.objects.for_object(self))


def latest_of(jobs: Q) -> Q:
    """Return the finished ones of ``jobs``, the latest first, without their data."""
    latest = jobs.filter(status__in=FINISHED)
    return latest.order_by(models.F("started").desc(nulls_last=True), "-id").defer("data")


def _watch_deletions(sender: type[models.Model], **_: Any) -> None:
    """Let each deletion of an object of the model ``sender`` abandon the object's jobs."""
    if issubclass(sender, JobsMixin):
        _abandon_with(sender)


def watch_proxies() -> None:
    """Let a deletion abandon the jobs of an object by whatever model of its own it is deleted.

    Jobs can be about objects of a proxy, and not of the model that it is a proxy of.
    """
    for model in apps.get_models():
        if same_objects(model):
            _abandon_with(model)


def _abandon_with(model: type[models.Model]) -> None:
    pre_delete.connect(abandon_jobs, sender=model, dispatch_uid=f"pgjobs.{model._meta.label}")


# Signals, because QuerySet.delete() and cascades delete objects without calling delete().
class_prepared.connect(_watch_deletions, dispatch_uid="pgjobs.jobs_mixin")
pre_delete.connect(
    hold_jobs_of_user, sender=settings.AUTH_USER_MODEL, dispatch_uid="pgjobs.jobs_of_user"
)
