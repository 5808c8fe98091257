"""The common part of all views: permissions, media types and throttling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.pagination import BasePagination
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.viewsets import GenericViewSet

from pgjobs.access import Verb, may
from pgjobs.api.reading import StrictJSONParser, check_parameters
from pgjobs.api.schema import Schema
from pgjobs.steering.actor import Actor, Surface


class HasPermission(BasePermission):
    """Lets in a signed-in user with the permission that the action needs."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        needed = view.needs.get(view.action)
        return needed is None or allowed(request.user, needed)


def allowed(user: Any, needed: Verb | str) -> bool:
    """Return whether ``user`` has a permission, which is given as a verb or by its name."""
    return may(user, needed) if isinstance(needed, Verb) else bool(user.has_perm(needed))


class View(GenericViewSet[Any]):
    """Users are authenticated and throttled as ``REST_FRAMEWORK`` in the project's settings says.

    The view sets its other parts itself, because a project's defaults for shapes, filters or pages
    would make another interface.
    """

    permission_classes = [HasPermission]
    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONRenderer]
    filter_backends = []
    pagination_class: type[BasePagination] | None = None
    versioning_class = None
    metadata_class = None
    schema = Schema()

    needs: ClassVar[Mapping[str, Verb | str]]
    """The permission that each action needs. The admin needs the same."""

    @property
    def throttle_scope(self) -> str | None:
        """The scope for ``ScopedRateThrottle``, if the project gives it a rate."""
        reads = self.request.method in ("GET", "HEAD")
        scope = "pgjobs" if reads else "pgjobs-change"
        return scope if scope in api_settings.DEFAULT_THROTTLE_RATES else None

    @property
    def actor(self) -> Actor:
        return Actor.user(self.request.user, Surface.REST)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action is not None:
            check_parameters(request, self.parameters)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The query parameters of the present action."""
        return ()

    def body(self, kind: type[Any]) -> dict[str, Any]:
        """Return the valid body of the request. Raises ValidationError."""
        document = kind(data=self.request.data, context=self.get_serializer_context())
        document.is_valid(raise_exception=True)
        checked: dict[str, Any] = document.validated_data
        return checked

    def whole_list(self, rows: list[Any], shape: type[Any]) -> Response:
        """Return all ``rows`` in the form of a page."""
        results = shape(rows, many=True, context=self.get_serializer_context()).data
        return Response({"next": None, "previous": None, "results": results})
