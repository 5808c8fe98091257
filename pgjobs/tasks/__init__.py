"""Jobs by Django's own task framework: ``django.tasks``, or its backport on Django 5.2.

A task of `pgjobs.backends.PgJobsBackend` is a job as others are: `job` makes its job class,
`backend` enqueues it, `result` reads its row, and `signals` tells of it.

Django finds this package as it looks for modules of tasks. So nothing here imports the framework,
which may be missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, overload

if TYPE_CHECKING:
    from pgjobs.tasks.declaring import Declares, DeclaresWithContext, Returns
    from pgjobs.tasks.framework import Task

__all__ = ["task"]

P = ParamSpec("P")
R = TypeVar("R")


@overload
def task(function: Callable[P, Returns[R]], /) -> Task[P, R]: ...


@overload
def task(function: Callable[P, R], /) -> Task[P, R]: ...


@overload
def task(*, takes_context: Literal[True], **options: Any) -> DeclaresWithContext: ...


@overload
def task(**options: Any) -> Declares: ...


def task(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Declare a function at module level as a task, as Django's ``@task`` does.

    ``options`` are those of Django's ``@task`` (``priority``, ``queue_name``, ``backend``,
    ``takes_context``) and those of `PgJobsTask`, such as ``timeout`` and ``max_attempts``. The
    decorator of Django 6.1 takes all of them, too. Before, it takes only its own.

    Raises TypeError for an option that does not exist, ``InvalidTask`` for a wrong value, and
    ImportError on Django 5.2 if the extra ``tasks`` is not installed.
    """
    from pgjobs.tasks.definition import declare

    if function is None:
        return lambda function: declare(function, options)
    return declare(function, options)
