"""Finding jobs by the search box and by the address of the list, without telling hidden values."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from pgjobs.access import in_search, with_arguments
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from pgjobs.rows.columns import WIDE

_HIDING: Final = frozenset(WIDE) - {"error"}
"""Columns that may hold values of hidden keys."""


class FindingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Finds jobs by words, by an id or by arguments."""

    search_fields = ("name", "job_class", "error")
    search_help_text = _(
        "Search for part of a name, job class or error, for the id of a job, or for an argument: "
        "arg.invoice:INV-1."
    )

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Job], search_term: str
    ) -> tuple[models.QuerySet[Job], bool]:
        term = search_term.strip()
        if term.isdecimal() and len(term) < 20:  # no id is longer, and Python reads no 4,301 digits
            return queryset.filter(pk=int(term)), False
        try:
            arguments, term = in_search(term)
            if arguments:
                queryset = queryset.filter(with_arguments(arguments))
        except InvalidArgument as error:
            self.message_user(request, str(error), messages.ERROR)
            return queryset.none(), False
        return super().get_search_results(request, queryset, term)

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Refuse an address that filters by a JSON column: it would tell hidden values bit by bit.

        Django itself allows each column.
        """
        hides = lookup.split(LOOKUP_SEP)[0] in _HIDING
        return not hides and super().lookup_allowed(lookup, value, request)
