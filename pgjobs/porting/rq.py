"""What code for RQ and django-rq has to change: imports, and options without a meaning."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from pgjobs.porting.commands import MANAGE, command, flag, worker
from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.module import keywords, literal
from pgjobs.porting.reading import shown
from pgjobs.porting.rules import Rule, by_expression, every
from pgjobs.porting.system import Name, Reader, Setting, System

_REGISTRIES: Final = tuple(
    f"{each}JobRegistry"
    for each in ("Started", "Finished", "Failed", "Scheduled", "Deferred", "Canceled")
)
_NATIVE: Final = {
    "job": "@pgjobs.job(queue=…, timeout=…), with the same .delay()",
    "Retry": "max_attempts= and backoff= of @pgjobs.job",
    "get_current_job": "pgjobs.current_job(), or a parameter `job` of the function",
    "JobTimeoutException": "pgjobs.JobTimeout",
    "get_queue": "@pgjobs.job above the function, and its .enqueue()",
    "Queue": "@pgjobs.job above the function, and its .enqueue()",
    "Job": "pgjobs.models.Job.objects.get(pk=…)",
}
"""The forms of new code, beside RQ's names."""
_PLACES: Final = {
    "job": ("django_rq", "django_rq.decorators", "rq.decorators"),
    "enqueue": ("django_rq", "django_rq.queues"),
    "get_queue": ("django_rq", "django_rq.queues"),
    "get_queues": ("django_rq", "django_rq.queues"),
    "get_connection": ("django_rq", "django_rq.queues", "django_rq.connection_utils"),
    "get_current_job": ("rq", "rq.job"),
    "get_workers_for_queue": ("django_rq.utils", "rq.worker_registration"),
    "Queue": ("rq", "rq.queue"),
    "Retry": ("rq", "rq.job"),
    "Job": ("rq.job", "rq"),
    "JobStatus": ("rq.job",),
    "Worker": ("rq", "rq.worker"),
    "cancel_job": ("rq", "rq.job"),
    "requeue_job": ("rq", "rq.job"),
    "send_stop_job_command": ("rq.command",),
    "JobTimeoutException": ("rq.timeouts",),
    "RQ_QUEUE_HIGH": ("netbox.constants",),
    "RQ_QUEUE_DEFAULT": ("netbox.constants",),
    "RQ_QUEUE_LOW": ("netbox.constants",),
    "NoSuchJobError": ("rq.exceptions",),
    "InvalidJobOperation": ("rq.exceptions",),
    **dict.fromkeys(_REGISTRIES, ("rq.registry",)),
}
"""The names of `pgjobs.compat.rq`, and the modules of RQ that have them."""

_START: Final = "python manage.py pgjobs_worker"
_GONE: Final = {
    "django_rq.get_worker": _START,
    "django_rq.workers.get_worker": _START,
    "rq.SimpleWorker": _START,
    "rq.worker.SimpleWorker": _START,
    "rq.SpawnWorker": _START,
    "rq.Callback": "a receiver of pgjobs.job_end",
    "rq.job.Callback": "a receiver of pgjobs.job_end",
    "rq.job.Dependency": "enqueue the next job at the end of the function that comes first",
    "rq.Repeat": "a BackgroundJob, and its enqueue_once(interval=minutes)",
    "rq.repeat.Repeat": "a BackgroundJob, and its enqueue_once(interval=minutes)",
    "rq.suspension.suspend": "python manage.py pgjobs pause QUEUE",
    "rq.suspension.resume": "python manage.py pgjobs resume QUEUE",
}
"""Names that nothing stands for, with what to do."""

REFUSED: Final = {
    "ttl": "let the function look at the time, or cancel the job",
    "depends_on": "enqueue this job at the end of the function that comes first",
    "job_id": "keep the id of the job that the call returns",
    "unique": "write a BackgroundJob, and its enqueue_once()",
    "repeat": "write a BackgroundJob, and its enqueue_once(interval=minutes)",
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
_SCHEDULERS: Final = ("rq_scheduler.Scheduler", "django_rq.get_scheduler")
_WORKERS: Final = ("rq.Worker", "rq.worker.Worker", "rq.SimpleWorker", "rq.worker.SimpleWorker")
_REDIS: Final = ("redis.Redis", "redis.StrictRedis", "redis.from_url", "redis.Redis.from_url")
_REGISTERS: Final = ("pgjobs.", "django_rq.", "rq.")
"""What the names of decorators begin with that let a worker run a function."""


def _details(reader: Reader) -> Iterator[Finding]:
    for node in reader.module.nodes:
        match node:
            case ast.Call():
                yield from _call(reader, node)
            case ast.Assign(targets=[ast.Name(id="RQ_QUEUES")]) if node.col_offset == 0:
                yield from _queues(reader, node)
            case ast.Assign(targets=[ast.Name(id="RQ")], value=ast.Dict()):
                yield reader.finding(node, "remove it", old=shown(reader, node))


def _call(reader: Reader, node: ast.Call) -> Iterator[Finding]:
    dotted = reader.module.dotted(node.func)
    if _is_of_rq(reader, node):
        yield from _options(reader, node)
        yield from _function(reader, node)
    elif any(each in _WORKERS for each in dotted):
        reader.done.update(ast.walk(node.func))
        yield reader.finding(node, _START, why="A worker is a command.", level=Level.LOOK)
    elif isinstance(node.func, ast.Attribute) and _is_scheduler(reader, node.func.value):
        yield from _schedule(reader, node, node.func.attr)
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


# rq-scheduler ---------------------------------------------------------------------------------


def _is_scheduler(reader: Reader, node: ast.expr) -> bool:
    names = reader.module.dotted(node)
    return any(reader.project.is_made_by(names, each) for each in _SCHEDULERS)


def _schedule(reader: Reader, node: ast.Call, called: str) -> Iterator[Finding]:
    """Yield the finding of a rule by cron or by seconds."""
    given = keywords(node)
    if called == "cron":
        text = literal(node.args[0] if node.args else given.get("cron_string"))
        rule = by_expression(text) if isinstance(text, str) else Rule()
    elif called == "schedule" and "interval" in given:
        seconds = literal(given["interval"])
        rule = every(seconds) if isinstance(seconds, int | float) else Rule()
    else:
        return
    function = node.args[1] if len(node.args) > 1 else given.get("func")
    name = reader.module.text(function) if function is not None else "the function"
    new = f"@pgjobs.system_job({rule.arguments or '…'}) above a class whose run() calls {name}()"
    notes = list(rule.notes)
    if rule.cron and literal(given.get("use_local_timezone")) is not True:
        notes.append("It went by UTC, and cron goes by TIME_ZONE.")
    if "repeat" in given and literal(given["repeat"]) is not None:
        notes.append("pgjobs does not count the runs.")
    if not rule.arguments and not notes:
        notes.append("The schedule can't be seen here.")
    level = Level.LOOK if notes else Level.CHANGE
    yield reader.finding(node, new, why=" ".join(notes), level=level)


# Calls ----------------------------------------------------------------------------------------


def _options(reader: Reader, node: ast.Call) -> Iterator[Finding]:
    for name, value in keywords(node).items():
        if name in REFUSED and literal(value) is not False and ast.unparse(value) != "None":
            argument = next(each for each in node.keywords if each.arg == name)
            reader.done.update(ast.walk(argument))
            yield reader.finding(argument, REFUSED[name], why=f"pgjobs has no {name}.")


def _queues(reader: Reader, node: ast.Assign) -> Iterator[Finding]:
    reader.done.add(node)
    names = [literal(key) for key in node.value.keys] if isinstance(node.value, ast.Dict) else []
    own = [str(each) for each in names if each not in ("high", "default", "low")]
    new = f"pgjobs_queues = {own!r} on an AppConfig".replace("'", '"') if own else "remove it"
    if not isinstance(node.value, ast.Dict) or None in names:
        why = "Queues that this dict gets by code can't be seen here."
        new = "pgjobs_queues = […] on an AppConfig"
        yield reader.finding(node, new, old="RQ_QUEUES = …", why=why, level=Level.LOOK)
        return
    has_timeouts = "DEFAULT_TIMEOUT" in reader.module.text(node.value)
    why = 'DEFAULT_TIMEOUT becomes timeout= of each job, or PGJOBS["DEFAULT_TIMEOUT"].'
    yield reader.finding(node, new, old="RQ_QUEUES = …", why=why if has_timeouts else "")


def _native(name: str) -> str:
    return f"New code has, for {name}: {_NATIVE[name]}." if name in _NATIVE else ""


def _names() -> dict[str, Name]:
    compat = {
        f"{place}.{name}": Name(f"from pgjobs.compat.rq import {name}", why=_native(name))
        for name, places in _PLACES.items()
        for place in places
    }
    gone = {name: Name(new=new, level=Level.LOOK) for name, new in _GONE.items()}
    scheduler = Name(
        "from pgjobs.compat.rq import get_queue",
        "get_queue()",
        why="Every worker schedules jobs: a queue has enqueue_in() and enqueue_at().",
        level=Level.LOOK,
    )
    return (
        compat
        | gone
        | dict.fromkeys(("rq_scheduler.Scheduler", "django_rq.get_scheduler"), scheduler)
    )


SYSTEM: Final = System(
    name="rq",
    title="RQ and django-rq",
    packages=("rq", "django_rq", "rq_scheduler"),
    words=r"\b(django_rq|rq|rq_scheduler|RQ)\b|\bRQ_\w+|rqworker|rqscheduler",
    names=_names(),
    modules={
        each: Name("from pgjobs.compat import rq")
        for each in ("django_rq", "rq", "rq.registry", "rq.job")
    },
    apps={"django_rq": '"procrastinate.contrib.django", "pgjobs"'},
    includes={"django_rq.urls": "pgjobs.urls"},
    management={"rqworker": '"pgjobs_worker"'},
    settings={
        "RQ_DEFAULT_TIMEOUT": Setting('PGJOBS = {"DEFAULT_TIMEOUT": {value}}'),
        "RQ_RETRY_MAX|RQ_RETRY_INTERVAL": Setting("max_attempts= and backoff= of each job"),
        "RQ_EXCEPTION_HANDLERS": Setting("a receiver of pgjobs.job_end", level=Level.LOOK),
        "RQ_[A-Z_]+": Setting("remove it"),
    },
    commands=(
        command(
            rf"{MANAGE}rqworker-pool\b(?P<words>.*)",
            lambda match: worker(
                _queues_of(match["words"]), flag(match["words"], "--processes", "--num-workers")
            ),
        ),
        command(
            rf"(?:{MANAGE}rqworker|\brq worker)\b(?P<words>.*)",
            lambda match: worker(
                _queues_of(match["words"]),
                "--burst" if "--burst" in match["words"] else "",
                flag(match["words"], "--name", "--name", "-n"),
                flag(match["words"], "--max-jobs", "--max-jobs"),
            ),
        ),
        command(rf"(?:{MANAGE}|\b)rqscheduler\b", "remove it", "Every worker schedules jobs."),
        command(rf"{MANAGE}rqstats\b", "pgjobs queues"),
        command(rf"(?:{MANAGE}rqsuspend|\brq suspend)\b", "pgjobs pause QUEUE"),
        command(rf"(?:{MANAGE}rqresume|\brq resume)\b", "pgjobs resume QUEUE"),
        command(r"(?<![\w.-])rq info\b", "pgjobs queues"),
        command(r"(?<![\w.-])rq requeue\b", "pgjobs retry", level=Level.LOOK),
        command(r"(?<![\w.-])rq empty\b", "pgjobs cancel --status pending", level=Level.LOOK),
        command(rf"{MANAGE}rqenqueue\b", "pgjobs enqueue CLASS", level=Level.LOOK),
    ),
    requirements={"django-rq": "django-pgjobs", "rq": "django-pgjobs", "rq-scheduler": "remove it"},
    details=_details,
)


def _queues_of(words: str) -> str:
    """Return the words that are neither options nor their values."""
    flags = r"--(?:burst|with-scheduler)"
    return re.sub(rf"(?:{flags}|--?[\w-]+(?:[= ][^\s-]\S*)?)", "", words)
