"""The calls of Celery's tasks: ``apply_async()``, signatures, results."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pgjobs.porting.celery_tasks import is_task
from pgjobs.porting.enqueueing import arguments_by_name
from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.module import keywords
from pgjobs.porting.system import Reader

RESULT: Final = "celery.result.AsyncResult"
NEXT: Final = "enqueue the next job at the end of the function"
NEXT_WHY: Final = (
    "pgjobs has no chains, groups and chords. With atomic=True, the work and the next job commit "
    "together."
)

_SIGNATURES: Final = ("s", "si", "signature", "subtask", "chunks", "map", "starmap")
_ON_COMMIT: Final = {"delay_on_commit": "delay", "apply_async_on_commit": "enqueue"}
_COMMITS: Final = "The call is part of the transaction: a worker sees the job after its commit."
_IN_MEMORY: Final = ("delay", "apply_async")

_OPTIONS: Final = {
    "eta": "schedule_at={}",
    "countdown": "schedule_at=timezone.now() + timedelta(seconds={})",
    "queue": "queue_name={}",
    "priority": "priority={}",
    "soft_time_limit": "timeout={}",
    "time_limit": "timeout={}",
}
_DROPPED: Final = frozenset(
    "args kwargs retry retry_policy ignore_result serializer compression shadow producer "
    "connection add_to_parent".split()
)
_WITHOUT: Final = {
    "expires": "pgjobs has no expires: let the function look at the time.",
    "link": "Enqueue the linked task at the end of the function.",
    "link_error": "Use a receiver of pgjobs.job_end.",
    "task_id": "The database gives the key: keep job.pk.",
    "headers": "Use meta= for a dict that the row keeps.",
}

OF_RESULTS: Final = {
    "get": ("wait", "wait() returns when the job has ended, and reads its row anew."),
    "id": ("pk", "The key is a number."),
    "task_id": ("pk", "The key is a number."),
    "ready": ("is_finished", "It is a property. Read the row anew first."),
    "successful": ('status == "completed"', "Read the row anew first."),
    "failed": ('status in ("errored", "failed")', "Read the row anew first."),
    "state": ("status", "The words are others: see docs/concepts.md."),
    "status": ("status", "The words are others: see docs/concepts.md."),
    "traceback": ("errors", "It is a list, with a traceback for each attempt."),
    "info": ("data", ""),
    "revoke": ("cancel", ""),
    "forget": ("delete", ""),
}


def read_call(reader: Reader, call: ast.Call) -> Iterator[Finding]:
    """Yield the finding of a call of a task's method."""
    if not isinstance(call.func, ast.Attribute) or call in reader.done:
        return
    method, receiver = call.func.attr, call.func.value
    names = reader.module.dotted(receiver)
    definition = reader.project.find(names) if names else None
    if is_task(reader, definition):
        assert definition is not None
        if method == "apply_async":
            bound = definition.parameters or ()
            yield _apply_async(reader, call, bound[1:] if definition.is_bound else bound)
        elif method in _ON_COMMIT:
            new = f"{reader.module.text(receiver)}.{_ON_COMMIT[method]}"
            yield reader.finding(call.func, new, why=_COMMITS)
        elif method == "apply":
            yield reader.finding(call, f"{reader.module.text(receiver)}.enqueue(…, immediate=True)")
        elif method in _SIGNATURES:
            yield reader.finding(call, NEXT, why=NEXT_WHY, level=Level.LOOK)
    elif method == "apply_async" and not _is_signature(reader, receiver):
        yield reader.finding(
            call,
            f"{reader.module.text(receiver)}.enqueue(…)",
            why="The task can't be seen here.",
            level=Level.LOOK,
        )


def _is_signature(reader: Reader, node: ast.expr) -> bool:
    """Return whether ``chain()`` or the like makes the value, which has its own finding."""
    if isinstance(node, ast.Call):
        return bool(reader.module.dotted(node.func)) or _is_signature(reader, node.func)
    return isinstance(node, ast.Attribute) and node.attr in _SIGNATURES


def _apply_async(reader: Reader, call: ast.Call, parameters: tuple[str, ...]) -> Finding:
    assert isinstance(call.func, ast.Attribute)
    given = keywords(call)
    named = dict(zip(("args", "kwargs"), call.args, strict=False)) | given
    arguments, notes = arguments_by_name(
        reader.module, named.get("args"), named.get("kwargs"), parameters
    )
    parts = [*arguments]
    for name, value in given.items():
        if name in _OPTIONS:
            parts.append(_OPTIONS[name].format(reader.module.text(value)))
        elif name in _WITHOUT:
            notes.append(_WITHOUT[name])
            reader.done.update(ast.walk(value))
        elif name not in _DROPPED:
            notes.append(f"pgjobs has no {name}.")
    task = reader.module.text(call.func.value)
    new = f"{task}.enqueue({', '.join(parts)})"
    level = Level.LOOK if notes else Level.CHANGE
    return reader.finding(call, new, why=" ".join(notes), level=level)


# Results --------------------------------------------------------------------------------------


def read_result(reader: Reader, node: ast.Attribute) -> Iterator[Finding]:
    """Yield the finding of an attribute of what ``delay()`` has returned, or of an AsyncResult."""
    if node.attr not in OF_RESULTS or not _is_result(reader, node.value):
        return
    new, why = OF_RESULTS[node.attr]
    call = reader.module.parent(node)
    old, new = f".{node.attr}", f".{new}"
    if isinstance(call, ast.Call) and call.func is node:
        arguments = reader.module.text(call)[len(reader.module.text(node)) :]
        old += arguments
        new += arguments if new in _CALLED else ""
    yield reader.finding(node, new, old=old, why=why, level=Level.LOOK if why else Level.CHANGE)


_CALLED: Final = (".wait", ".cancel", ".delete")


def _is_result(reader: Reader, node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return _makes_result(reader, node)
    if not isinstance(node, ast.Name):
        return False
    for scope in reader.module.ancestors(node):
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
            made = [each for each in ast.walk(scope) if _assigns(each, node.id)]
            return any(_makes_result(reader, each.value) for each in made)  # type: ignore[attr-defined]
    return False


def _assigns(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Assign(targets=[ast.Name(id=target)], value=ast.Call()):
            return target == name
    return False


def _makes_result(reader: Reader, call: ast.Call) -> bool:
    if RESULT in reader.module.dotted(call.func):
        return True
    if isinstance(call.func, ast.Attribute) and call.func.attr in _IN_MEMORY:
        return is_task(reader, reader.project.find(reader.module.dotted(call.func.value)))
    return False
