"""Tags for templates of the project: ``{% load pgjobs %}{% object_jobs site %}``."""

from __future__ import annotations

from typing import Any

from django import template
from django.db import models
from django.utils.safestring import SafeString, mark_safe

from pgjobs.pages.job.of_object import SHOWN, rendered

register = template.Library()


@register.simple_tag(takes_context=True)
def object_jobs(
    context: Any, instance: models.Model, limit: int = SHOWN, among: Any = None
) -> SafeString:
    """Show the newest jobs of an object with their status, progress and error.

    With ``among``, a query set of jobs, it shows these instead.

    The user of the request sees the jobs that the permissions and ``VISIBLE_JOBS`` allow, and
    without the permission to view jobs nothing. The context needs the request.
    """
    # A template has escaped each value.
    return mark_safe(rendered(context.get("request"), instance, limit, among))
