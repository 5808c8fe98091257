from __future__ import annotations

import structlog
from django.tasks import task

logger = structlog.get_logger(__name__)


@task
def charge(order: int) -> None:
    structlog.contextvars.bind_contextvars(order=order)
    logger.info("charging")
    if order < 0:
        raise ValueError(f"no order {order}")


@task
async def charge_slowly(order: int) -> None:
    structlog.contextvars.bind_contextvars(order=order)
    await logger.ainfo("charging")
    if order < 0:
        raise ValueError(f"no order {order}")
