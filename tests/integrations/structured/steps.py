from __future__ import annotations

from structlog.contextvars import bound_contextvars

from tests.integrations.structured import tasks


def enqueue(name: str, order: int, request_id: str) -> str:
    """Enqueue a task as a view does, in which the middleware has bound the request."""
    with bound_contextvars(request_id=request_id):
        return str(getattr(tasks, name).enqueue(order).id)
