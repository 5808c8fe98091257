"""What code for RQ and django-rq has to change: imports, and options without a meaning."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from pgjobs.porting.commands import MANAGE, command, flag, worker
from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.module import literal
from pgjobs.porting.rq_calls import START, read_call
from pgjobs.porting.rq_scheduler import SCHEDULERS
from pgjobs.porting.settings import shown
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

_GONE: Final = {
    "django_rq.get_worker": START,
    "django_rq.workers.get_worker": START,
    "rq.SimpleWorker": START,
    "rq.worker.SimpleWorker": START,
    "rq.SpawnWorker": START,
    "rq.Callback": "a receiver of pgjobs.job_end",
    "rq.job.Callback": "a receiver of pgjobs.job_end",
    "rq.job.Dependency": "enqueue the next job at the end of the function that comes first",
    "rq.Repeat": "@pgjobs.job above the function, and its enqueue_once(interval=minutes)",
    "rq.repeat.Repeat": "@pgjobs.job above the function, and its enqueue_once(interval=minutes)",
    "rq.suspension.suspend": "python manage.py pgjobs pause QUEUE",
    "rq.suspension.resume": "python manage.py pgjobs resume QUEUE",
}
"""Names that nothing stands for, with what to do."""


def _details(reader: Reader) -> Iterator[Finding]:
    for node in reader.module.nodes:
        match node:
            case ast.Call():
                yield from read_call(reader, node)
            case ast.Assign(targets=[ast.Name(id="RQ_QUEUES")]) if node.col_offset == 0:
                yield from _queues(reader, node)
            case ast.Assign(targets=[ast.Name(id="RQ")], value=ast.Dict()):
                yield reader.finding(node, "remove it", old=shown(reader, node))


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
    return compat | gone | dict.fromkeys(SCHEDULERS, scheduler)


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
