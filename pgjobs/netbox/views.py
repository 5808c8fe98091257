"""The page with the jobs of an object."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views import View

from pgjobs.access import PERMISSIONS, Verb
from pgjobs.netbox.job import Job


class ObjectJobsView(PermissionRequiredMixin, View):
    """Shows the newest jobs of an object to users with the permission to view jobs.

    It is mounted as in NetBox, or with the model as a class attribute::

        path("sites/<int:pk>/jobs/", ObjectJobsView.as_view(), kwargs={"model": Site})

    ``template_name`` names a template of the project in place of the bare page. It gets
    ``object`` and ``jobs``, and shows the jobs by ``{% object_jobs object among=jobs %}``.
    """

    permission_required = PERMISSIONS[Verb.VIEW]
    template_name = "pgjobs/netbox/object_jobs.html"
    queryset: models.QuerySet[Any] | None = None
    """The objects that have such a page, if the model is not given."""

    def get(
        self, request: HttpRequest, model: type[models.Model] | None = None, **lookup: Any
    ) -> HttpResponse:
        """Return the page of the object that ``lookup`` finds, or 404."""
        objects = self.queryset if model is None else model._default_manager.all()
        instance = get_object_or_404(objects, **lookup)  # type: ignore[arg-type]
        shown = {"object": instance, "jobs": self.get_jobs(instance)}
        return render(request, self.template_name, shown)

    def get_jobs(self, instance: models.Model) -> Any:
        """Return the jobs to show. A view of a plugin can choose other ones."""
        return Job.objects.for_object(instance)
