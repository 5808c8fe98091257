"""Advice for the ``self`` of a bound task of Celery: request, attributes, ``self.retry()``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.module import Function, has_name, keywords
from pgjobs.porting.system import Reader

OF_REQUEST: Final = {
    "id": "job.pk",
    "retries": "job.attempt - 1",
    "delivery_info": "job.queue_name",
    "called_directly": "job is None",
}

_OF_SELF: Final = {
    "update_state": (
        "pgjobs.current_job().progress(done, total, message)",
        "A job has one progress, and no states of your own.",
    ),
    "name": ("job.job_class", ""),
    "max_retries": ("job.max_attempts - 1", ""),
}


def read_self(reader: Reader, function: Function) -> Iterator[Finding]:
    """Yield the advice for the first parameter of a bound task, and for each use of it."""
    arguments = (*function.args.posonlyargs, *function.args.args)
    if not arguments:
        return
    first = arguments[0]
    yield reader.finding(first, "job", why="pgjobs gives the row to a parameter called `job`.")
    # ast.walk() yields a call of retry() before its arguments, which the call marks as done.
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and node not in reader.done:
            yield from _of_attribute(reader, node, first.arg)


def _of_attribute(reader: Reader, node: ast.Attribute, bound: str) -> Iterator[Finding]:
    inner = node.value
    if (
        isinstance(inner, ast.Attribute)
        and inner.attr == "request"
        and has_name(inner.value, bound)
    ):
        reader.done.update((node, inner))
        new = OF_REQUEST.get(node.attr, "")
        why = "" if new else f"A job has no {node.attr}."
        level = Level.CHANGE if new else Level.LOOK
        yield reader.finding(node, new or "a column of job", why=why, level=level)
    elif has_name(inner, bound) and node.attr != "request":
        call = reader.module.parent(node)
        if node.attr == "retry" and isinstance(call, ast.Call):
            yield _of_retry(reader, call, bound)
        elif node.attr in ("update_state", "name", "max_retries"):
            new, why = _OF_SELF[node.attr]
            yield reader.finding(node, new, why=why, level=Level.LOOK)
        else:
            yield reader.finding(node, "job", why=f"A job has no {node.attr}.", level=Level.LOOK)


def _of_retry(reader: Reader, call: ast.Call, bound: str) -> Finding:
    given = keywords(call)
    texts = {name: _without_request(reader.module.text(v), bound) for name, v in given.items()}
    reader.done.update(ast.walk(call))
    parts = []
    if "exc" in texts:
        parts.append(f"str({texts['exc']})")
    if "countdown" in texts:
        parts.append(f"after={texts['countdown']}")
    elif "eta" in texts:
        parts.append(f"after={texts['eta']} - timezone.now()")
    new = f"raise pgjobs.Retry({', '.join(parts)})"
    parent = reader.module.parent(call)
    raised = parent if isinstance(parent, ast.Raise) and parent.exc is call else call
    changed = [name for name in given if name in ("args", "kwargs", "max_retries", "queue")]
    why = f"Another attempt keeps its {', '.join(changed)}." if changed else ""
    level = Level.LOOK if changed else Level.CHANGE
    return reader.finding(raised, new, why=why, level=level)


def _without_request(text: str, bound: str) -> str:
    for name, new in OF_REQUEST.items():
        text = text.replace(f"{bound}.request.{name}", f"({new})" if " " in new else new)
    return text


def is_retry(node: ast.AST) -> bool:
    """Return whether a node is a call of ``self.retry()``."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "retry"
        and has_name(node.func.value, "self")
    )
