"""The part of a job class that the engine uses. ``BackgroundJob`` adds the callers' part."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.utils.functional import Promise

from pgjobs.registry.meta import JobOptions
from pgjobs.registry.names import add, refuse_yield
from pgjobs.showing import brief


class JobClass(ABC):
    """A kind of job: its options, its name, and ``run()``.

    Each subclass that has a ``run()`` registers itself, so that rows can name it.
    """

    options: ClassVar[JobOptions] = JobOptions()
    """The options of ``class Meta``, with defaults."""
    path: ClassVar[str] = ""
    """The dotted path by which rows name this class."""
    name: ClassVar[str] = ""
    """The name that people read. A lazy translation is translated when a job is enqueued."""
    given_argument: ClassVar[str | None] = None
    """The argument of ``run()`` that the class gives itself, so that no caller may."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.options = JobOptions.of(cls)
        # A lazy translation must not be translated here: the apps may not be ready.
        named = isinstance(cls.options.name, Promise) or cls.options.name != ""
        cls.name = cls.options.name if named else cls.__name__
        cls.path = f"{cls.__module__}.{cls.__qualname__}"
        if cls.options.atomic and inspect.iscoroutinefunction(cls.run):
            raise TypeError(f"{cls.__qualname__} is atomic, so its run() can't be a coroutine.")
        if not callable(cls.run):
            raise TypeError(f"{cls.__qualname__}.run must be a method, not {brief(cls.run)}.")
        refuse_yield(cls.run, f"{cls.__qualname__}.run()")
        if not getattr(cls.run, "__isabstractmethod__", False):
            add(cls.path, cls)

    def __init__(self, job: Any) -> None:
        self.job = job

    @abstractmethod
    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Do the work. If the return value is JSON, it is stored as ``job.result``.

        ``kwargs`` come from ``enqueue()``.
        """
