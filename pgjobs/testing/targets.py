"""The target of an assertion or of a run: a job class, a job function or a task."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from pgjobs.enqueueing.arguments import check_given, with_name
from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.functions import arguments_by_name
from pgjobs.jobs.of_functions import FunctionClass
from pgjobs.registry.job_class import JobClass
from pgjobs.registry.names import JobTarget, path_of, registered_as
from pgjobs.registry.parameters import parameters_of, signature_of_call, without_own
from pgjobs.registry.targets import check_target, is_job_class
from pgjobs.showing import brief, did_you_mean
from pgjobs.testing.first_difference import with_any, without_any

if TYPE_CHECKING:
    from pgjobs.tasks.framework import AnyTask

    AnyTarget: TypeAlias = Callable[..., Any] | AnyTask
    """What a test may name: a job class, a function, a task."""


@dataclass(frozen=True, slots=True)
class Target:
    """The code that runs a job, and the task by which a test named it, if it did."""

    code: JobTarget
    task: AnyTask | None = None

    @property
    def path(self) -> str:
        """The dotted path that rows store."""
        return path_of(self.code)

    @property
    def takes_options(self) -> bool:
        """Whether ``enqueue()`` takes options beside the arguments: that of a task does not."""
        return not _is_made_of_a_function(self.code)

    def expected(self) -> dict[str, Any]:
        """Return the options in which the task differs from its declaration, by ``using()``."""
        if self.task is None:
            return {}
        declared: AnyTask = self.code.task  # type: ignore[attr-defined]
        options = {
            "queue_name": (self.task.queue_name, declared.queue_name),
            "priority": (self.task.priority, declared.priority),
            "schedule_at": (self.task.run_after, declared.run_after),
        }
        return {name: given for name, (given, usual) in options.items() if given != usual}

    def with_name(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return ``kwargs`` with a ``name`` among the arguments if the code takes one."""
        return with_name(self.code, kwargs)

    def named(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments of a call by their names; see `by_name`. They need not be all.

        Raises InvalidArgument for arguments that the code does not take.
        """
        if args and is_job_class(self.code) and self.takes_options:
            raise InvalidArgument(
                f"{brief(args[0])} is given by position to {self.code.__qualname__}: give the "
                "object of the job as object=…, and the arguments of run() by their names."
            )
        self._check_names(kwargs)
        if not is_job_class(self.code):
            return arguments_by_name(self.code, args, kwargs)
        try:
            given = by_name(self.code, args, kwargs)
        except TypeError as error:
            raise InvalidArgument(f"{self.path}() can't be called so: {error}.") from None
        return given if self.task is None else _as_tasks_store(given)

    def _check_names(self, kwargs: Mapping[str, Any]) -> None:
        if self.takes_options:
            check_given(self.code, kwargs)
            return
        parameters = parameters_of(self.code)
        for name, value in kwargs.items():
            if not parameters.takes_any and name not in parameters.named:
                raise InvalidArgument(
                    f"{name}={brief(value)} is no parameter of {self.path}()."
                    f"{did_you_mean(name, sorted(parameters.named))}"
                )


def target_of(given: Any) -> Target:
    """Return the target that a test has named.

    Raises InvalidArgument for what is no job, and for a task whose backend makes no jobs.
    """
    # By its method: the framework of tasks may not be installed.
    if callable(getattr(given, "get_backend", None)):
        return Target(_class_of_task(given), given)
    known = registered_as(path_of(given)) if inspect.isfunction(given) else None
    if _is_made_of_a_function(known) and known.function is given:  # type: ignore[union-attr]
        return Target(known)  # type: ignore[arg-type]
    return Target(check_target(given))


def _class_of_task(task: AnyTask) -> JobTarget:
    backend: Any = task.get_backend()
    if not getattr(backend, "runs_jobs", False):
        raise InvalidArgument(
            f"The task {task.module_path} goes to TASKS[{task.backend!r}], whose backend "
            f"{type(backend).__name__} makes no jobs. Let the settings of the tests have "
            '"pgjobs.backends.PgJobsBackend" there.'
        )
    made: JobTarget = backend.register(task)
    return made


def _is_made_of_a_function(code: Any) -> bool:
    return isinstance(code, type) and issubclass(code, FunctionClass)


def _as_tasks_store(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return ``arguments`` as JSON has them: a task's row holds bytes as text.

    Raises InvalidArgument for a value that no call of a task takes.
    """
    from pgjobs.tasks.framework import normalize_json

    try:
        return {
            name: with_any(normalize_json(without_any(value))) for name, value in arguments.items()
        }
    except (TypeError, ValueError) as error:
        raise InvalidArgument(str(error)) from None


def by_name(
    job_class: type[JobClass], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments of a job of ``job_class`` by the names of the parameters of ``run()``.

    The arguments that ``*args`` takes are a list with the name ``*args``. Raises TypeError if there
    are too many arguments, or if one is given twice.
    """
    if not args:
        return dict(kwargs)
    named: dict[str, Any] = {}
    signature = signature_of_call(job_class.run)
    parameters = without_own(job_class, signature)
    bound = signature.replace(parameters=parameters).bind_partial(*args, **kwargs)
    for name, value in bound.arguments.items():
        kind = bound.signature.parameters[name].kind
        if kind == inspect.Parameter.VAR_KEYWORD:
            named.update(value)
        elif kind == inspect.Parameter.VAR_POSITIONAL:
            named[f"*{name}"] = list(value)
        else:
            named[name] = value
    return named
