"""Answers that are sent while they are written, so that none is whole in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Final

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

_LINES: Final = 500
"""Lines that are sent at a time."""


def streamed(
    request: HttpRequest, lines: Iterator[str], *, name: str, content_type: str
) -> StreamingHttpResponse:
    """Return an answer that a browser stores as the file ``name``, written from ``lines``.

    Under ASGI, Django would read a plain iterator to its end before it sends the first byte.
    """
    texts = _joined(lines)
    content = _from_thread(texts) if isinstance(request, ASGIRequest) else texts
    answer = StreamingHttpResponse(content, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _joined(lines: Iterator[str]) -> Iterator[str]:
    while batch := [*islice(lines, _LINES)]:
        yield "".join(batch)


async def _from_thread(texts: Iterator[str]) -> AsyncIterator[str]:
    # In the thread of the request's other synchronous code, where its connection is.
    following = sync_to_async(lambda: next(texts, None))
    while (text := await following()) is not None:
        yield text
