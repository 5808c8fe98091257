"""How the views describe themselves in OpenAPI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse, extend_schema

from pgjobs.api.reading import Document

F = TypeVar("F", bound=Callable[..., Any])

_REFUSALS: Final = {
    "400": "The request is wrong, and the answer names the fault.",
    "401": "No user is signed in.",
    "403": "The user lacks the permission.",
    "404": "There is no such thing, or the user may not see it.",
    "405": "The endpoint has no such method.",
    "406": "No answer is available in the wanted media type.",
    "415": "The body is not JSON.",
    "429": "There were too many requests.",
}
_CONFLICT: Final = "The state of the job, worker or schedule forbids it."


class Schema(AutoSchema):
    """Adds the refusals that each view can answer with, and forbids unknown keys in requests."""

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        # In the description of a whole project, other components may have these names.
        return f"PgJobs{serializer.__class__.__name__}"

    def get_tags(self) -> list[str]:
        return ["pgjobs"]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        said = super()._get_response_bodies(direction)
        refusals = _REFUSALS if self.method == "GET" else {**_REFUSALS, "409": _CONFLICT}
        for code, description in refusals.items():
            response = OpenApiResponse({"type": "object", "additionalProperties": {}}, description)
            said[code] = self._get_response_for_code(response, code)  # type: ignore[no-untyped-call]
        return said

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema: Any = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, Document):
            schema["additionalProperties"] = False
        return schema


def described(**said: Any) -> Callable[[F], F]:
    """Return ``extend_schema(**said)``, which extends `Schema`.

    Without it, ``extend_schema()`` would extend the project's ``DEFAULT_SCHEMA_CLASS``."""

    def describe(view: F) -> F:
        view.schema = Schema  # type: ignore[attr-defined]
        return extend_schema(**said)(view)

    return describe
