"""The app object of Celery, which goes away: its imports, its methods and its signals."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pgjobs.porting import celery_tasks
from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.module import Function, has_name
from pgjobs.porting.project import decorator
from pgjobs.porting.system import Reader

WHY: Final = "pgjobs needs no app object: it finds `jobs` and `tasks` modules by itself."


def read_hooks(reader: Reader, function: Function) -> Iterator[Finding]:
    """The signals of the app, such as ``@app.on_after_configure.connect``, go with it."""
    for each in function.decorator_list:
        names = decorator(each, reader.module)
        if is_of_app(reader, names) and not names[0].endswith(".task"):
            yield reader.finding(each, "remove it", old=f"@{reader.module.text(each)}")


_OF_APP: Final = {
    "send_task": "task.enqueue(…), with the function imported",
    "revoke": "job.cancel()",
    "AsyncResult": "pgjobs.models.Job.objects.get(pk=…)",
}


def read_call(reader: Reader, node: ast.Call, names: tuple[str, ...]) -> Iterator[Finding]:
    """Yield the finding of a call of a method of the app."""
    last = names[0].rpartition(".")[2]
    if last in ("task", "connect"):
        return
    new = _OF_APP.get(last, "remove it")
    level = Level.LOOK if last in _OF_APP else Level.CHANGE
    yield reader.finding(node, new, level=level)


def is_of_app(reader: Reader, names: tuple[str, ...]) -> bool:
    """Return whether one of ``names`` is an attribute of an app, at any depth."""
    for name in names:
        parts = name.split(".")
        owners = tuple(".".join(parts[:end]) for end in range(1, len(parts)))
        if any(reader.project.is_made_by((owner,), celery_tasks.APP) for owner in owners):
            return True
    return False


def read_exports(reader: Reader, value: ast.expr) -> Iterator[Finding]:
    """Yield the finding of an app that ``__all__`` names."""
    names = value.elts if isinstance(value, ast.List | ast.Tuple) else []
    for each in names:
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            bound = reader.module.bindings.get(each.value, ())
            if reader.project.is_made_by(bound, celery_tasks.APP):
                yield reader.finding(each, "remove it")


def read_import(reader: Reader, node: ast.ImportFrom) -> Iterator[Finding]:
    """Yield the finding of an import of the app from its module."""
    module = reader.module.imported(node)
    apps = [each for each in node.names if _is_made_app(reader, f"{module}.{each.name}")]
    if not apps:
        return
    bound = [each.asname or each.name for each in apps]
    statements = ["import pgjobs"] if any(_declares(reader, each) for each in bound) else []
    if kept := [ast.unparse(each) for each in node.names if each not in apps]:
        statements.append(f"from {'.' * node.level}{node.module or ''} import {', '.join(kept)}")
    yield reader.finding(node, "; ".join(statements) or "remove it", why=WHY)


def _is_made_app(reader: Reader, name: str) -> bool:
    return reader.project.is_made_by((name,), celery_tasks.APP)


def _declares(reader: Reader, app: str) -> bool:
    """Return whether the file has a ``@app.task``, which becomes a name of pgjobs."""
    return any(
        isinstance(each, ast.Attribute) and each.attr == "task" and has_name(each.value, app)
        for each in reader.module.nodes
    )
