"""Advice for the declarations of Celery's tasks: decorators and base classes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pgjobs.porting.celery_options import counterparts, remarks
from pgjobs.porting.celery_self import read_self
from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.module import Function, has_unpacking, keywords, literal
from pgjobs.porting.project import Definition, decorator
from pgjobs.porting.system import Reader

APP: Final = "celery.Celery"
SHARED: Final = ("celery.shared_task", "celery.app.shared_task")
_CLASSES: Final = ("celery.Task", "celery.app.task.Task", "celery.task.Task")

_NESTS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def is_task(reader: Reader, definition: Definition | None) -> bool:
    """Return whether a definition is a task of Celery."""
    return definition is not None and any(_makes_task(reader, (n,)) for n in definition.decorators)


def _makes_task(reader: Reader, names: tuple[str, ...]) -> bool:
    if any(name in SHARED for name in names):
        return True
    apps = tuple(name.removesuffix(".task") for name in names if name.endswith(".task"))
    return bool(apps) and reader.project.is_made_by(apps, APP)


def read_function(reader: Reader, function: Function) -> Iterator[Finding]:
    """Yield the advice for a task: its decorator, its ``self`` and ``self.retry()``."""
    for each in function.decorator_list:
        if not _makes_task(reader, decorator(each, reader.module)):
            continue
        call = each if isinstance(each, ast.Call) else None
        reader.done.update((each, call.func if call is not None else each))
        yield _of_decorator(reader, function, each, call)
        if call is not None and literal(keywords(call).get("bind")) is True:
            yield from read_self(reader, function)


def read_class(reader: Reader, node: ast.ClassDef) -> Iterator[Finding]:
    """Yield the advice for each base of a class that is a task class of Celery."""
    for base in node.bases:
        if any(name in _CLASSES for name in reader.module.dotted(base)):
            reader.done.add(base)
            yield reader.finding(
                base, "pgjobs.BackgroundJob", why="Its options become those of `class Meta`."
            )


def _of_decorator(
    reader: Reader, function: Function, node: ast.expr, call: ast.Call | None
) -> Finding:
    given = keywords(call) if call is not None else {}
    options = counterparts(reader, function, given)
    written = ", ".join(f"{name}={value}" for name, value in options.items())
    notes = remarks(given)
    if any(isinstance(above, _NESTS) for above in reader.module.ancestors(function)):
        notes.append("A worker finds a function by its name: move it to the top of its module.")
    if call is not None and has_unpacking(call):
        notes.append("Options that * or ** bring can't be seen.")
    return reader.finding(
        node,
        f"@pgjobs.job({written})" if written else "@pgjobs.job",
        old=f"@{reader.module.text(node)}",
        why=" ".join(notes),
        level=Level.LOOK if notes else Level.CHANGE,
    )
