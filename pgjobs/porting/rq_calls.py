"""Calls of RQ and django-rq: options without a meaning, functions without a decorator."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pgjobs.porting import rq_scheduler
from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.module import keywords, literal
from pgjobs.porting.system import Reader

START: Final = "python manage.py pgjobs_worker"

REFUSED: Final = {
    "ttl": "let the function look at the time, or cancel the job",
    "depends_on": "enqueue this job at the end of the function that comes first",
    "job_id": "keep the id of the job that the call returns",
    "unique": "write @pgjobs.job above the function, and call its enqueue_once()",
    "repeat": "write @pgjobs.job above the function, and call its enqueue_once(interval=…)",
    "on_success": "do it at the end of the function, or in a receiver of pgjobs.job_end",
    "on_failure": "do it in a receiver of pgjobs.job_end",
    "on_stopped": "do it in a receiver of pgjobs.job_end",
    "webhooks": "do it in a receiver of pgjobs.job_end",
    "rate_limit": "give the queue a worker of its own, with --concurrency",
    "pipeline": "leave it out: the call is part of the transaction",
    "group_id": "keep the ids of the jobs",
    "queue_class": "leave it out: there is one class of queues",
    "job_class": "leave it out: there is one class of jobs",
    "serializer": "leave it out: arguments are JSON with types",
}
"""Options of RQ that `pgjobs.compat.rq` refuses, with what to do."""

_FUNCTION_AT: Final = {"enqueue": 0, "enqueue_call": 0, "enqueue_at": 1, "enqueue_in": 1}
"""The calls that enqueue a function, and its place among their arguments."""
_CALLS: Final = (*_FUNCTION_AT, "get_queue", "get_queues", "Queue", "job")
_WORKERS: Final = ("rq.Worker", "rq.worker.Worker", "rq.SimpleWorker", "rq.worker.SimpleWorker")
_REDIS: Final = ("redis.Redis", "redis.StrictRedis", "redis.from_url", "redis.Redis.from_url")
_REGISTERS: Final = ("pgjobs.", "django_rq.", "rq.")
"""What the names of decorators begin with that let a worker run a function."""


def read_call(reader: Reader, node: ast.Call) -> Iterator[Finding]:
    """Yield the findings of a call of RQ, django-rq or rq-scheduler."""
    dotted = reader.module.dotted(node.func)
    if _is_of_rq(reader, node):
        yield from _options(reader, node)
        yield from _function(reader, node)
    elif any(each in _WORKERS for each in dotted):
        reader.done.update(ast.walk(node.func))
        yield reader.finding(node, START, why="A worker is a command.", level=Level.LOOK)
    elif isinstance(node.func, ast.Attribute) and rq_scheduler.is_scheduler(
        reader, node.func.value
    ):
        yield from rq_scheduler.read_schedule(reader, node, node.func.attr)
    if any(each.startswith(("rq.", "django_rq.", "rq_scheduler.")) for each in dotted):
        yield from _connection(reader, node)


def _is_of_rq(reader: Reader, node: ast.Call) -> bool:
    """Return whether a call enqueues with RQ, by the imports of its file or the names of RQ."""
    dotted = reader.module.dotted(node.func)
    if any(each.startswith(("rq.", "django_rq.")) for each in dotted):
        return dotted[0].rpartition(".")[2] in _CALLS
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in _FUNCTION_AT:
        return False
    return _imports_rq(reader) and not _is_of_another(reader, node.func.value)


def _imports_rq(reader: Reader) -> bool:
    bound = (each for dotted in reader.module.bindings.values() for each in dotted)
    return any(each.partition(".")[0] in ("rq", "django_rq") for each in bound)


def _is_of_another(reader: Reader, node: ast.expr) -> bool:
    """Return whether this is a class, or a value of the project that nothing of RQ has made."""
    names = reader.module.dotted(node)
    found = reader.project.find(names)
    if found is None:
        last = [name.rpartition(".")[2] for name in names]
        return any(name[:1].isupper() and not name.isupper() for name in last)
    if not found.bases:
        return False
    return not any(each.startswith(("rq.", "django_rq.", "rq_scheduler.")) for each in found.bases)


def _function(reader: Reader, node: ast.Call) -> Iterator[Finding]:
    """A function that a worker shall run needs the decorator."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else _last(reader, node.func)
    place = _FUNCTION_AT.get(called)
    if place is None:
        return
    named = keywords(node)
    target = node.args[place] if len(node.args) > place else named.get("func", named.get("f"))
    path = literal(target)
    names = (path,) if isinstance(path, str) else reader.module.dotted(target)
    found = reader.project.find(names)
    if found is None or found.parameters is None:
        return
    if not any(each.startswith(_REGISTERS) for each in found.decorators):
        yield reader.mark(
            found, "@pgjobs.compat.rq.job above it", "A worker runs only such functions."
        )


def _last(reader: Reader, node: ast.expr) -> str:
    return next((each.rpartition(".")[2] for each in reader.module.dotted(node)), "")


def _connection(reader: Reader, node: ast.Call) -> Iterator[Finding]:
    for argument in node.keywords:
        if argument.arg != "connection":
            continue
        value = argument.value
        made_by = value.func if isinstance(value, ast.Call) else value
        names = reader.module.dotted(made_by)
        is_made = any(reader.project.is_made_by(names, each) for each in _REDIS)
        if is_made or any(each in names for each in _REDIS):
            why = "pgjobs refuses a connection to Redis: it needs none."
            yield reader.finding(argument, "leave it out", why=why)


def _options(reader: Reader, node: ast.Call) -> Iterator[Finding]:
    for name, value in keywords(node).items():
        if name in REFUSED and literal(value) is not False and ast.unparse(value) != "None":
            argument = next(each for each in node.keywords if each.arg == name)
            reader.done.update(ast.walk(argument))
            yield reader.finding(argument, REFUSED[name], why=f"pgjobs has no {name}.")
