"""What a job can keep of a request: the parts that JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urljoin
from uuid import uuid4

from django.http import HttpRequest, QueryDict

from pgjobs.exceptions import InvalidArgument
from pgjobs.showing import brief

_MARK: Final = "copied_request"
"""The key by which a run knows the copy of a request among its arguments."""

_META: Final = (
    "CONTENT_LENGTH CONTENT_TYPE HTTP_ACCEPT HTTP_ACCEPT_ENCODING HTTP_ACCEPT_LANGUAGE HTTP_HOST "
    "HTTP_REFERER HTTP_USER_AGENT QUERY_STRING REMOTE_ADDR REMOTE_HOST REMOTE_USER REQUEST_METHOD "
    "SERVER_NAME SERVER_PORT"
).split()
"""The keys of ``request.META`` that a copy keeps: no cookies, no authorization."""


class CopiedRequest(dict[str, Any]):
    """The copy of a request. Its parts are attributes, as those of a request are.

    ``GET`` and ``POST`` are QueryDicts, ``META`` is a dict, ``FILES`` and ``COOKIES`` are empty.
    ``user`` is None for an anonymous user.
    """

    def __getattr__(self, name: str) -> Any:
        if name in ("GET", "POST"):
            return QueryDict(self[name])
        if name in ("FILES", "COOKIES"):
            return {}
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                f"The copy of a request has no {name!r}. It has {', '.join(sorted(self))}."
            ) from None

    def build_absolute_uri(self, location: str | None = None) -> str:
        """Return the absolute address of ``location``, or of the request itself."""
        query = f"?{self['GET']}" if self["GET"] else ""
        own = f"{self['scheme']}://{self['host']}{self['path']}{query}"
        return own if location is None else urljoin(own, location)


def copy_safe_request(request: HttpRequest, include_files: bool = True) -> CopiedRequest:
    """Return the copy of ``request`` that ``enqueue(request=…)`` takes.

    ``run(request=…)`` gets it back with the same attributes. Raises InvalidArgument if the request
    has files and ``include_files`` is true: JSON can't hold them.
    """
    if include_files and request.FILES:
        raise InvalidArgument(
            f"The request has files ({', '.join(request.FILES)}), which a job can't keep. Store "
            "them, give the job their keys, and call copy_safe_request(request, "
            "include_files=False)."
        )
    user = getattr(request, "user", None)
    return CopiedRequest(
        {
            _MARK: True,
            "id": str(getattr(request, "id", None) or uuid4()),
            "method": request.method,
            "path": request.path,
            "path_info": request.path_info,
            "scheme": request.scheme,
            "host": request.get_host(),
            "GET": request.GET.urlencode(),
            "POST": request.POST.urlencode(),
            "META": {name: request.META[name] for name in _META if name in request.META},
            "user": user if user is not None and user.pk is not None else None,
        }
    )


def revived(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``arguments`` of ``run()``, where each copy of a request has its attributes."""
    return {
        name: CopiedRequest(value) if isinstance(value, dict) and _MARK in value else value
        for name, value in arguments.items()
    }


def refuse_requests(arguments: Mapping[str, Any]) -> None:
    """Raise InvalidArgument for a request itself, which NetBox would have pickled."""
    for name, value in arguments.items():
        if isinstance(value, HttpRequest):
            raise InvalidArgument(
                f"{name}={brief(value)} is a request, and a job can't keep one. Write "
                f"{name}=copy_safe_request({name}), from pgjobs.netbox."
            )
