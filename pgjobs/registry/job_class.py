"""The part of a job class that the engine uses; ``BackgroundJob`` adds the part for its callers."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from pgjobs.registry.meta import JobOptions
from pgjobs.registry.names import add


class JobClass(ABC):
    """A kind of job: options, a name, and ``run()``. Each concrete subclass registers itself."""

    options: ClassVar[JobOptions] = JobOptions()
    path: ClassVar[str] = ""
    """The dotted path under which rows name this class."""
    name: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.options = JobOptions.of(cls)
        cls.name = cls.options.name or cls.__name__
        cls.path = f"{cls.__module__}.{cls.__qualname__}"
        if cls.options.atomic and inspect.iscoroutinefunction(cls.run):
            raise TypeError(f"{cls.__qualname__} is atomic, so its run() can't be a coroutine.")
        if not getattr(cls.run, "__isabstractmethod__", False):
            add(cls.path, cls)

    def __init__(self, job: Any) -> None:
        self.job = job

    @abstractmethod
    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Do the work. What it returns, if it is JSON, is kept as ``job.result``."""
