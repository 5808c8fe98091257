"""The description of this interface in OpenAPI, for signed-in users."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.settings import api_settings

from pgjobs.api.schema import described


class SchemaView(SpectacularAPIView):
    permission_classes = [IsAuthenticated]
    authentication_classes = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    versioning_class = None
    urlconf = "pgjobs.api.urls"
    api_version = version("django-pgjobs")

    @described(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        self.custom_settings = {
            "TITLE": "pgjobs",
            "DESCRIPTION": "Background jobs",
            "VERSION": self.api_version,
            "SERVERS": [{"url": request.path.removesuffix("/schema/")}],
        }
        return super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
