"""What type checkers and editors read as the calls of job classes and job functions.

At run time there is no such module. `docs/decisions/typed-calls.md` gives the reasons for its
shape: the options stand in front of ``*args: P.args``, and ``run()`` binds ``P``.
"""

from abc import ABCMeta
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import (
    Any,
    Concatenate,
    Generic,
    Literal,
    ParamSpec,
    Protocol,
    TypeAlias,
    TypedDict,
    overload,
)

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.functional import Promise, SimpleLazyObject
from typing_extensions import TypeVar

from pgjobs.models import Job
from pgjobs.registry.job_class import JobClass
from pgjobs.registry.meta import ExceptionClasses
from pgjobs.retry import Backoff

User: TypeAlias = AbstractBaseUser | AnonymousUser | SimpleLazyObject[Any] | None
Arguments: TypeAlias = Mapping[str, Any] | None

M = TypeVar("M", bound=models.Model, default=Any)
"""The model of the jobs' objects; any model unless a class names it: ``BackgroundJob[Site]``."""
P = ParamSpec("P")
"""The parameters of ``run()``, or those of a function that a caller gives."""
Own = ParamSpec("Own")
"""The parameters of a function, with ``job``."""
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

class JobOf(Job, Generic[M]):
    """A row whose ``object`` has a known model."""

    object: M

    class Meta:
        abstract = True

class HasRun(Protocol[P]):
    """A job class, by its ``run()``."""

    def run(self, *args: P.args, **kwargs: P.kwargs) -> Any: ...

class Calls(JobClass, Generic[M], metaclass=ABCMeta):
    """The calls of a job class."""

    @classmethod
    def enqueue(
        cls: type[HasRun[P]],
        instance: M | None = None,
        user: User = None,
        schedule_at: datetime | None = None,
        interval: int | None = None,
        immediate: bool = False,
        queue_name: str | None = None,
        notifications: str | None = None,
        priority: int | None = None,
        timeout: int | None = None,
        max_attempts: int | None = None,
        meta: Mapping[str, Any] | None = None,
        job_timeout: int | None = None,
        arguments: Arguments = None,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Job:
        """Insert a job of this class and return it.

        Give everything but ``instance`` by its name. The names that are no option go to ``run()``.
        Raises InvalidArgument, and inserts nothing, if an argument is wrong.
        """

    @classmethod
    def enqueue_once(
        cls: type[HasRun[P]],
        instance: M | None = None,
        user: User = None,
        schedule_at: datetime | None = None,
        interval: int | None = None,
        queue_name: str | None = None,
        notifications: str | None = None,
        priority: int | None = None,
        timeout: int | None = None,
        max_attempts: int | None = None,
        meta: Mapping[str, Any] | None = None,
        job_timeout: int | None = None,
        arguments: Arguments = None,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Job:
        """Make sure that exactly one live job of this class holds the place of ``instance``."""

    @classmethod
    def enqueue_many(
        cls,
        /,
        jobs: Iterable[M | Mapping[str, Any] | tuple[M | None, Mapping[str, Any]]],
        *,
        user: User = None,
        schedule_at: datetime | None = None,
        interval: int | None = None,
        queue_name: str | None = None,
        notifications: str | None = None,
        priority: int | None = None,
        timeout: int | None = None,
        max_attempts: int | None = None,
        meta: Mapping[str, Any] | None = None,
        job_timeout: int | None = None,
        arguments: Arguments = None,
        **kwargs: Any,
    ) -> list[int]:
        """Insert a job for each item of ``jobs`` with COPY and return the ids, in order.

        An item is a dict of arguments for ``run()``, the object of the job, or a pair of both.
        """

    @classmethod
    async def aenqueue(
        cls: type[HasRun[P]],
        instance: M | None = None,
        user: User = None,
        schedule_at: datetime | None = None,
        interval: int | None = None,
        immediate: bool = False,
        queue_name: str | None = None,
        notifications: str | None = None,
        priority: int | None = None,
        timeout: int | None = None,
        max_attempts: int | None = None,
        meta: Mapping[str, Any] | None = None,
        job_timeout: int | None = None,
        arguments: Arguments = None,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Job:
        """Do the same as ``enqueue()``, for coroutines."""

    @classmethod
    async def aenqueue_once(
        cls: type[HasRun[P]],
        instance: M | None = None,
        user: User = None,
        schedule_at: datetime | None = None,
        interval: int | None = None,
        queue_name: str | None = None,
        notifications: str | None = None,
        priority: int | None = None,
        timeout: int | None = None,
        max_attempts: int | None = None,
        meta: Mapping[str, Any] | None = None,
        job_timeout: int | None = None,
        arguments: Arguments = None,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Job:
        """Do the same as ``enqueue_once()``, for coroutines."""

    @classmethod
    def setup(
        cls: type[HasRun[P]],
        interval: int | None = None,
        cron: str | None = None,
        user: User = None,
        queue_name: str | None = None,
        notifications: str | None = None,
        priority: int | None = None,
        timeout: int | None = None,
        max_attempts: int | None = None,
        meta: Mapping[str, Any] | None = None,
        job_timeout: int | None = None,
        arguments: Arguments = None,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Make this class a system job that runs every ``interval`` minutes or by ``cron``."""

class JobFunction(Protocol[Own, P, R_co]):
    """A function of ``@pgjobs.job``: the function itself, with the calls that enqueue it."""

    __name__: str
    __qualname__: str

    def __call__(self, *args: Own.args, **kwargs: Own.kwargs) -> R_co:
        """Run the function here, without a job."""

    def delay(self, *args: P.args, **kwargs: P.kwargs) -> Job:
        """Insert a job that calls the function with these arguments, and return it."""

    def enqueue(
        self,
        instance: models.Model | None = None,
        user: User = None,
        schedule_at: datetime | None = None,
        interval: int | None = None,
        immediate: bool = False,
        queue_name: str | None = None,
        notifications: str | None = None,
        priority: int | None = None,
        timeout: int | None = None,
        max_attempts: int | None = None,
        meta: Mapping[str, Any] | None = None,
        job_timeout: int | None = None,
        arguments: Arguments = None,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Job:
        """Insert a job of this function and return it.

        Give everything but ``instance`` by its name. The names that are no option go to the
        function. Raises InvalidArgument, and inserts nothing, if an argument is wrong.
        """

    def enqueue_once(
        self,
        instance: models.Model | None = None,
        user: User = None,
        schedule_at: datetime | None = None,
        interval: int | None = None,
        queue_name: str | None = None,
        notifications: str | None = None,
        priority: int | None = None,
        timeout: int | None = None,
        max_attempts: int | None = None,
        meta: Mapping[str, Any] | None = None,
        job_timeout: int | None = None,
        arguments: Arguments = None,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Job:
        """Make sure that exactly one live job of this function holds the place of ``instance``."""

    def enqueue_many(
        self,
        /,
        jobs: Iterable[
            models.Model | Mapping[str, Any] | tuple[models.Model | None, Mapping[str, Any]]
        ],
        *,
        user: User = None,
        schedule_at: datetime | None = None,
        interval: int | None = None,
        queue_name: str | None = None,
        notifications: str | None = None,
        priority: int | None = None,
        timeout: int | None = None,
        max_attempts: int | None = None,
        meta: Mapping[str, Any] | None = None,
        job_timeout: int | None = None,
        arguments: Arguments = None,
        **kwargs: Any,
    ) -> list[int]:
        """Insert a job for each item of ``jobs`` with COPY and return the ids, in order.

        An item is a dict of arguments for the function, the object of the job, or a pair of both.
        """

    async def aenqueue(
        self,
        instance: models.Model | None = None,
        user: User = None,
        schedule_at: datetime | None = None,
        interval: int | None = None,
        immediate: bool = False,
        queue_name: str | None = None,
        notifications: str | None = None,
        priority: int | None = None,
        timeout: int | None = None,
        max_attempts: int | None = None,
        meta: Mapping[str, Any] | None = None,
        job_timeout: int | None = None,
        arguments: Arguments = None,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Job:
        """Do the same as ``enqueue()``, for coroutines."""

    async def aenqueue_once(
        self,
        instance: models.Model | None = None,
        user: User = None,
        schedule_at: datetime | None = None,
        interval: int | None = None,
        queue_name: str | None = None,
        notifications: str | None = None,
        priority: int | None = None,
        timeout: int | None = None,
        max_attempts: int | None = None,
        meta: Mapping[str, Any] | None = None,
        job_timeout: int | None = None,
        arguments: Arguments = None,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Job:
        """Do the same as ``enqueue_once()``, for coroutines."""

    def setup(
        self,
        interval: int | None = None,
        cron: str | None = None,
        user: User = None,
        queue_name: str | None = None,
        notifications: str | None = None,
        priority: int | None = None,
        timeout: int | None = None,
        max_attempts: int | None = None,
        meta: Mapping[str, Any] | None = None,
        job_timeout: int | None = None,
        arguments: Arguments = None,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Make this function a system job that runs every ``interval`` minutes or by ``cron``."""

class TakesJob(Protocol[P, R_co]):
    """A function whose first parameter is ``job``: pgjobs gives it the row."""

    def __call__(self, job: Job, *args: P.args, **kwargs: P.kwargs) -> R_co: ...

class FunctionOptions(TypedDict, total=False):
    """The options of ``@pgjobs.job``: those of ``class Meta``."""

    name: str | Promise
    description: str
    queue: str | None
    priority: int
    timeout: int | None
    max_attempts: int
    backoff: Backoff
    retry_on: ExceptionClasses
    fail_on: ExceptionClasses
    on_interrupt: Literal["requeue", "error"]
    atomic: bool
    isolation: Literal["thread", "process", "fresh_process"] | None
    memory_limit: int | None
    editable_schedule: bool
    sensitive: Sequence[str]
    launchable: bool

class JobDecorator(Protocol):
    """Makes a function a job."""

    @overload
    def __call__(self, func: TakesJob[P, R], /) -> JobFunction[Concatenate[Job, P], P, R]: ...
    @overload
    def __call__(self, func: Callable[P, R], /) -> JobFunction[P, P, R]: ...
