"""Pages that neither count nor skip: the newest first, each page by the key of its neighbour."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import BasePagination, CursorPagination
from rest_framework.request import Request

from pgjobs.api.reading import as_key


class Whole(BasePagination):
    """Gives a short list as its only page, in the same form as a long one."""

    def get_paginated_response_schema(self, schema: Any) -> Any:
        return {
            "type": "object",
            "properties": {
                "next": {"type": "string", "nullable": True},
                "previous": {"type": "string", "nullable": True},
                "results": schema,
            },
            "required": ["next", "previous", "results"],
        }


class NewestFirst(CursorPagination):
    """A page costs its own rows, however many there are. No count is given: it would read them all.

    A new row changes no later page.
    """

    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 500
    template = None
    offset_cutoff = 0  # keys are unique, so no cursor has an offset

    @property
    def parameters(self) -> tuple[str, ...]:
        return (self.cursor_query_param, "limit")

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get("limit", str(self.page_size))
        if len(text) < 5 and text.isascii() and text.isdecimal():
            size = int(text)
            if 1 <= size <= self.max_page_size:
                return size
        raise ValidationError({"limit": [f"This must be a number from 1 to {self.max_page_size}."]})

    def decode_cursor(self, request: Request) -> Any:
        cursor = super().decode_cursor(request)
        if cursor is None:
            return None
        if as_key(str(cursor.position)) is None:
            raise NotFound(self.invalid_cursor_message)
        return cursor._replace(offset=0)  # keys are unique, so no page needs an offset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        parameters = super().get_schema_operation_parameters(view)
        for each in parameters:
            if each["name"] == "limit":
                each["schema"] = {"type": "integer", "minimum": 1, "maximum": self.max_page_size}
        return parameters

    def get_paginated_response_schema(self, schema: Any) -> Any:
        paginated: Any = super().get_paginated_response_schema(schema)
        paginated["required"] = ["next", "previous", "results"]
        return paginated
