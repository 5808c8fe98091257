"""``JobRunner`` as NetBox has it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.db import models

from pgjobs.jobs import BackgroundJob
from pgjobs.netbox.requests import refuse_requests, revived

if TYPE_CHECKING:
    from pgjobs.netbox.job import Job


class JobRunner(BackgroundJob):
    """A ``BackgroundJob`` for code that was written for NetBox.

    ``self.job`` is a `pgjobs.netbox.Job`. ``enqueue(name=…)`` names a single job, and an argument
    can be a copy of a request.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "run" in vars(cls):
            cls.run = _with_requests(cls.run)  # type: ignore[method-assign]
        super().__init_subclass__(**kwargs)

    def __init__(self, job: Any) -> None:
        from pgjobs.netbox.job import as_netbox_job

        super().__init__(as_netbox_job(job))

    @classmethod
    def enqueue(cls, *args: Any, **kwargs: Any) -> Job:
        """Do the same as ``BackgroundJob.enqueue()``; ``name`` replaces the name of the class."""
        refuse_requests(kwargs)
        return _model().enqueue(cls, *args, **kwargs)

    @classmethod
    def enqueue_once(  # type: ignore[override]
        cls,
        instance: models.Model | None = None,
        schedule_at: datetime | None = None,
        interval: int | None = None,
        **kwargs: Any,
    ) -> Job:
        """Do the same as ``BackgroundJob.enqueue_once()``, with NetBox's order of arguments."""
        refuse_requests(kwargs)
        kwargs.pop("name", None)  # NetBox looks for the name of the class, whatever is given
        when = {"schedule_at": schedule_at, "interval": interval}
        return _model().enqueue_once(cls, instance, **when, **kwargs)

    @classmethod
    def get_jobs(cls, instance: models.Model | None = None) -> Any:
        jobs = _model().objects.filter(job_class=cls.path)
        return jobs if instance is None else jobs.for_object(instance)


def _with_requests(run: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``run`` so that copies of requests reach it as `CopiedRequest`."""

    @wraps(run)
    def with_requests(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        return run(self, *args, **revived(kwargs))

    @wraps(run)
    async def coroutine_with_requests(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        return await run(self, *args, **revived(kwargs))

    chosen: Any = coroutine_with_requests if inspect.iscoroutinefunction(run) else with_requests
    # The arguments of a call are held to the outer function's parameters.
    chosen.__signature__ = inspect.signature(run)
    return cast(Callable[..., Any], chosen)


def _model() -> type[Job]:
    from pgjobs.netbox.job import Job

    return Job
