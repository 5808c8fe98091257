"""Lists of the admin that refuse an address that they can't read."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db import DataError, models
from django.http import HttpRequest


class TextChangeList(ChangeList):
    """Refuses an address with a value that can't be compared: Django then shows the whole list."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> models.QuerySet[Any]:
        # PostgreSQL can compare no text with a NUL character.
        if any("\x00" in value for _name, values in request.GET.lists() for value in values):
            raise IncorrectLookupParameters("A NUL character is not text.")
        # Django would take each character of the text for an end of the range.
        if any(name.endswith("__range") for name in request.GET):
            raise IncorrectLookupParameters("A text is not the two ends of a range.")
        return super().get_queryset(request, *args, **kwargs)

    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
        except (DataError, ValueError, OverflowError) as error:
            # Django finds out only now that a filter's value is, for instance, no year.
            raise IncorrectLookupParameters(error) from None
