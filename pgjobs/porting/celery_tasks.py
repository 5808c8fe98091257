"""The tasks of Celery: their decorators, and the calls that enqueue them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.module import Function, has_unpacking, keywords, literal
from pgjobs.porting.project import Definition, decorator
from pgjobs.porting.system import Reader

APP: Final = "celery.Celery"
SHARED: Final = ("celery.shared_task", "celery.app.shared_task")
_CLASSES: Final = ("celery.Task", "celery.app.task.Task", "celery.task.Task")

_DROPPED: Final = frozenset(
    "bind name ignore_result store_errors_even_if_ignored track_started serializer compression "
    "backend typing shared lazy send_events trail acks_late acks_on_failure_or_timeout "
    "retry_kwargs retry_backoff_max retry_jitter soft_time_limit".split()
)
"""Options that need nothing in their place, or are read together with another option."""

_COUNTERPARTS: Final = {
    "queue": "queue",
    "priority": "priority",
    "autoretry_for": "retry_on",
    "dont_autoretry_for": "fail_on",
    "throws": "fail_on",
}

_WITHOUT: Final = {
    "rate_limit": "pgjobs has no rate limit: give the queue a worker with --concurrency 1.",
    "base": "Its base class becomes a subclass of pgjobs.BackgroundJob.",
    "expires": "pgjobs has no expires: let the function look at the time.",
    "reject_on_worker_lost": 'Without it, add on_interrupt="error" to work that must not repeat.',
    "pydantic": "Arguments are checked against the parameters; models are not built.",
    "on_failure": "Use a receiver of pgjobs.job_end.",
    "on_success": "Use a receiver of pgjobs.job_end.",
    "on_retry": "pgjobs has no hook for another attempt.",
}

_NESTS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_DEFAULT_RETRIES: Final = 3
_FOR_EVER: Final = 32767


def is_task(reader: Reader, definition: Definition | None) -> bool:
    """Return whether a definition is a task of Celery."""
    return definition is not None and any(_makes_task(reader, (n,)) for n in definition.decorators)


def _makes_task(reader: Reader, names: tuple[str, ...]) -> bool:
    if any(name in SHARED for name in names):
        return True
    apps = tuple(name.removesuffix(".task") for name in names if name.endswith(".task"))
    return bool(apps) and reader.project.is_made_by(apps, APP)


# Declarations ---------------------------------------------------------------------------------


def read_function(reader: Reader, function: Function) -> Iterator[Finding]:
    """Yield what becomes of a task: its decorator, its ``self``, and ``self.retry()``."""
    for each in function.decorator_list:
        if not _makes_task(reader, decorator(each, reader.module)):
            continue
        call = each if isinstance(each, ast.Call) else None
        reader.done.update((each, call.func if call is not None else each))
        yield _of_decorator(reader, function, each, call)
        if call is not None and literal(keywords(call).get("bind")) is True:
            yield from _of_self(reader, function)


def read_class(reader: Reader, node: ast.ClassDef) -> Iterator[Finding]:
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
    options = _options(reader, function, given)
    written = ", ".join(f"{name}={value}" for name, value in options.items())
    notes = [_WITHOUT[name] for name in given if name in _WITHOUT]
    unknown = [n for n in given if n not in _WITHOUT and n not in _DROPPED and n not in _KNOWN]
    if unknown:
        notes.append(f"pgjobs has no {', '.join(unknown)}.")
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


_KNOWN: Final = frozenset(
    (*_COUNTERPARTS, "max_retries", "default_retry_delay", "retry_backoff", "time_limit")
)


def _options(reader: Reader, function: Function, given: dict[str, ast.expr]) -> dict[str, str]:
    text = reader.module.text
    options = {new: text(given[old]) for old, new in _COUNTERPARTS.items() if old in given}
    if (limit := given.get("soft_time_limit", given.get("time_limit"))) is not None:
        options["timeout"] = text(limit)
    if (attempts := _attempts(reader, function, given)) is not None:
        options["max_attempts"] = attempts
        if "autoretry_for" not in given:
            # Celery tries such a task again only where it calls self.retry().
            options["retry_on"] = "()"
        if backoff := _backoff(reader, given):
            options["backoff"] = backoff
    return options


def _attempts(reader: Reader, function: Function, given: dict[str, ast.expr]) -> str | None:
    """Return ``max_attempts``, or None for a task that Celery does not try again."""
    if "autoretry_for" not in given and not any(_is_retry(each) for each in ast.walk(function)):
        return None
    retries = given.get("max_retries", _of_dict(given.get("retry_kwargs"), "max_retries"))
    if retries is None:
        return str(_DEFAULT_RETRIES + 1)
    value = literal(retries)
    if isinstance(value, int):
        return str(value + 1)
    is_for_ever = isinstance(retries, ast.Constant) and retries.value is None
    return str(_FOR_EVER) if is_for_ever else f"{reader.module.text(retries)} + 1"


def _backoff(reader: Reader, given: dict[str, ast.expr]) -> str:
    factor = given.get("retry_backoff")
    if factor is not None and literal(factor) is not False:
        first = 1 if literal(factor) is True else reader.module.text(factor)
        cap = literal(given.get("retry_backoff_max")) or 600
        exact = ", jitter=0" if literal(given.get("retry_jitter")) is False else ""
        return (
            f"pgjobs.retry.exponential(timedelta(seconds={first}), "
            f"cap=timedelta(seconds={cap}){exact})"
        )
    countdown = _of_dict(given.get("retry_kwargs"), "countdown")
    delay = given.get("default_retry_delay", countdown)
    if delay is None and "autoretry_for" not in given:
        return ""
    seconds = reader.module.text(delay) if delay is not None else "180"
    return f"pgjobs.retry.constant(timedelta(seconds={seconds}))"


def _of_dict(node: ast.expr | None, name: str) -> ast.expr | None:
    if not isinstance(node, ast.Dict):
        return None
    pairs = zip(node.keys, node.values, strict=True)
    return next((value for key, value in pairs if literal(key) == name), None)


# self -----------------------------------------------------------------------------------------

OF_REQUEST: Final = {
    "id": "job.pk",
    "retries": "job.attempt - 1",
    "delivery_info": "job.queue_name",
    "called_directly": "job is None",
}


def _of_self(reader: Reader, function: Function) -> Iterator[Finding]:
    arguments = (*function.args.posonlyargs, *function.args.args)
    if not arguments:
        return
    first = arguments[0]
    yield reader.finding(first, "job", why="pgjobs gives the row to a parameter called `job`.")
    # What stands in a call of retry() is deeper than the call, so it comes later.
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


def _is_request(node: ast.expr, bound: str) -> bool:
    return (
        isinstance(node, ast.Attribute) and node.attr == "request" and has_name(node.value, bound)
    )


_OF_SELF: Final = {
    "update_state": (
        "pgjobs.current_job().progress(done, total, message)",
        "A job has one progress, and no states of your own.",
    ),
    "name": ("job.job_class", ""),
    "max_retries": ("job.max_attempts - 1", ""),
}


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


def _is_retry(node: ast.AST) -> bool:
    """Return whether a node is a call of ``self.retry()``."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "retry"
        and has_name(node.func.value, "self")
    )


def has_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
