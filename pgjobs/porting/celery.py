"""What code for Celery has to change: tasks, calls, schedules, signals, settings, commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from pgjobs.porting import celery_app, celery_beat, celery_calls, celery_tasks
from pgjobs.porting.commands import command, flag, option, worker
from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.system import Name, Reader, Setting, System

_PGJOBS: Final = "import pgjobs"
_AFTER: Final = "pgjobs.job_end"
_CANVAS: Final = ("chain", "group", "chord", "signature", "subtask", "chunks", "xmap", "xstarmap")
_CANVAS_NAMES: Final = {
    f"{package}.{each}" for package in ("celery", "celery.canvas") for each in _CANVAS
}
_WORKER_SIGNALS: Final = (
    "worker_ready", "worker_init", "worker_shutdown", "worker_process_init", "beat_init",
    "worker_process_shutdown", "setup_logging", "after_setup_logger", "after_setup_task_logger",
    "celeryd_init", "celeryd_after_setup", "task_rejected", "task_unknown", "task_internal_error",
)  # fmt: skip
_SIGNALS: Final = {
    "task_prerun": "pgjobs.job_start",
    "task_postrun": _AFTER,
    "task_success": _AFTER,
    "task_failure": _AFTER,
    "task_revoked": _AFTER,
    "before_task_publish": "pgjobs.job_enqueued",
    "after_task_publish": "pgjobs.job_enqueued",
    "task_sent": "pgjobs.job_enqueued",
}


def _details(reader: Reader) -> Iterator[Finding]:
    for node in reader.module.nodes:
        if node not in reader.done:
            yield from _detail(reader, node)


def _detail(reader: Reader, node: ast.AST) -> Iterator[Finding]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from celery_tasks.read_function(reader, node)
            yield from celery_app.read_hooks(reader, node)
        case ast.ClassDef():
            yield from celery_tasks.read_class(reader, node)
        case ast.Call():
            yield from _call(reader, node)
        case ast.Assign(targets=[target], value=value):
            yield from _assignment(reader, node, target, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _assignment(reader, node, target, value)
        case ast.ImportFrom():
            yield from celery_app.read_import(reader, node)
        case ast.Name() | ast.Attribute():
            yield from _value(reader, node)


def _value(reader: Reader, node: ast.Name | ast.Attribute) -> Iterator[Finding]:
    names = reader.module.dotted(node)
    if isinstance(node.ctx, ast.Load) and any(name in celery_tasks.SHARED for name in names):
        # A decorator has its finding. This one stands alone, as in `partial(shared_task, …)`.
        yield reader.finding(
            node,
            "pgjobs.job",
            why="Its options have other names: see the table in docs/migrating.md.",
            level=Level.LOOK,
        )
    elif isinstance(node, ast.Attribute):
        yield from celery_calls.read_result(reader, node)


def _call(reader: Reader, node: ast.Call) -> Iterator[Finding]:
    names = reader.module.dotted(node.func)
    if any(name in _CANVAS_NAMES for name in names):
        # Its signatures are parts of it.
        reader.done.update(ast.walk(node))
        yield reader.finding(node, celery_calls.NEXT, why=celery_calls.NEXT_WHY, level=Level.LOOK)
    elif celery_tasks.APP in names:
        reader.done.add(node.func)
        parent = reader.module.parent(node)
        whole = parent if isinstance(parent, ast.Assign) else node
        yield reader.finding(whole, "remove it", why=celery_app.WHY)
    elif isinstance(node.func, ast.Attribute) and node.func.attr == "add_periodic_task":
        yield celery_beat.read_periodic_task(reader, node)
    elif _updates_schedule(node):
        yield from celery_beat.read_schedules(reader, node.args[0])
    elif celery_app.is_of_app(reader, names):
        yield from celery_app.read_call(reader, node, names)
    else:
        yield from celery_calls.read_call(reader, node)


def _updates_schedule(node: ast.Call) -> bool:
    function = node.func
    is_update = isinstance(function, ast.Attribute) and function.attr == "update"
    return is_update and bool(node.args) and _is_beat_schedule(function.value)  # type: ignore[attr-defined]


def _assignment(
    reader: Reader, node: ast.Assign | ast.AnnAssign, target: ast.expr, value: ast.expr
) -> Iterator[Finding]:
    if isinstance(target, ast.Name):
        if _is_beat_schedule(target):
            reader.done.add(node)
            yield from celery_beat.read_schedules(reader, value)
        elif target.id == "__all__":
            yield from celery_app.read_exports(reader, value)
    elif isinstance(target, ast.Subscript) and _is_beat_schedule(target.value):
        yield from celery_beat.read_entry(reader, target.slice, value)
    elif isinstance(target, ast.Attribute) and celery_app.is_of_app(
        reader, reader.module.dotted(target)
    ):
        if target.attr == "beat_schedule":
            yield from celery_beat.read_schedules(reader, value)
        else:
            yield reader.finding(node, "remove it", why=_SETTINGS_WHY)


def _is_beat_schedule(node: ast.expr) -> bool:
    """Return whether a node is the dict of schedules, of the settings or of an app."""
    if isinstance(node, ast.Attribute):
        return node.attr == "beat_schedule"
    return isinstance(node, ast.Name) and bool(re.fullmatch(r"CELERY_?BEAT_SCHEDULE", node.id))


_SETTINGS_WHY: Final = "docs/migrating.md lists the settings that have a counterpart."


def _names() -> dict[str, Name]:
    names = {
        "celery.Celery": Name(),
        "celery.shared_task": Name(_PGJOBS),
        "celery.app.shared_task": Name(_PGJOBS),
        "celery.Task": Name(_PGJOBS, "pgjobs.BackgroundJob", level=Level.LOOK),
        "celery.app.task.Task": Name(_PGJOBS, "pgjobs.BackgroundJob", level=Level.LOOK),
        "celery.current_app": Name("", "remove it", why=celery_app.WHY, level=Level.LOOK),
        "celery.current_task": Name(_PGJOBS, "pgjobs.current_job()", why="Its job is the row."),
        "celery.result.AsyncResult": Name("from pgjobs.models import Job", "Job.objects.get(pk=…)"),
        "celery.result.GroupResult": Name(
            "from pgjobs.models import Job",
            "Job.objects.filter(pk__in=…)",
            why="Keep the keys of the jobs.",
            level=Level.LOOK,
        ),
        "celery.schedules.crontab": Name("", 'cron="…" of @pgjobs.system_job', level=Level.LOOK),
        "celery.utils.log.get_task_logger": Name(
            "import logging",
            "logging.getLogger",
            why="The lines of self.logger of a "
            "pgjobs.BackgroundJob also become the log of its job.",
        ),
        "celery.exceptions.SoftTimeLimitExceeded": Name(_PGJOBS, "pgjobs.JobTimeout"),
        "celery.exceptions.TimeLimitExceeded": Name(_PGJOBS, "pgjobs.JobTimeout"),
        "celery.exceptions.Retry": Name(_PGJOBS, "pgjobs.Retry"),
        "celery.exceptions.Ignore": Name(
            "", "return", why="The job is completed.", level=Level.LOOK
        ),
        "celery.exceptions.Reject": Name(_PGJOBS, "pgjobs.JobFailed", level=Level.LOOK),
        "celery.exceptions.MaxRetriesExceededError": Name(
            "", "leave it out", why="After the last attempt the job is errored.", level=Level.LOOK
        ),
    }
    for each in _CANVAS:
        advice = Name("", celery_calls.NEXT, why=celery_calls.NEXT_WHY, level=Level.LOOK)
        names |= {f"celery.{each}": advice, f"celery.canvas.{each}": advice}
    for signal, new in _SIGNALS.items():
        why = "A receiver of django.dispatch gets the row as `job`, for jobs of every class."
        names[f"celery.signals.{signal}"] = Name(_PGJOBS, new, why=why)
        # The connect() of a Django signal is no decorator.
        names[f"celery.signals.{signal}.connect"] = Name(new=f"receiver({new})", why=why)
    for signal in _WORKER_SIGNALS:
        why = "pgjobs has no such signal."
        names[f"celery.signals.{signal}"] = Name("", "AppConfig.ready()", why, Level.LOOK)
    return names


def _setting(name: str) -> str:
    """Return a pattern for both forms of a setting, ``CELERY_TASK_X`` and ``CELERYD_X``."""
    return rf"CELERYD?_{name}"


_OPTIONS: Final = r"(?: -[\w-]+(?:[= ][^\s-]\S*)?)*"
_CELERY: Final = r"(?<![\w.-])celery\b"
_WORKER: Final = rf"{_CELERY}(?={_OPTIONS} worker\b)(.*)"


def _worker(match: re.Match[str]) -> str:
    words = match[1]
    return worker(
        option(words, "--queues", "-Q"),
        flag(words, "--concurrency", "--concurrency", "-c"),
        flag(words, "--max-jobs-per-child", "--max-tasks-per-child"),
    )


_AFTER_APP: Final = rf"{_CELERY}{_OPTIONS} "

SYSTEM: Final = System(
    name="celery",
    title="Celery",
    packages=("celery", "kombu", "django_celery_beat", "django_celery_results"),
    words=(
        r"celery|CELERY|kombu|shared_task|add_periodic_task|send_task|\.task\b"
        r"|\.(apply_async|apply|s|si|signature|subtask|delay|chunks|starmap|\w+_on_commit)\("
    ),
    names=_names(),
    modules={"celery": Name(_PGJOBS)},
    apps={
        "django_celery_beat": "remove it, after `manage.py pgjobs port --schedules`",
        "django_celery_results": "remove it",
        "celery": "remove it",
    },
    settings={
        _setting("(TASK_)?(SOFT_)?TIME_LIMIT"): Setting('PGJOBS = {"DEFAULT_TIMEOUT": {value}}'),
        _setting("(WORKER_)?CONCURRENCY"): Setting('PGJOBS = {"CONCURRENCY": {value}}'),
        _setting("(WORKER_)?MAX_TASKS_PER_CHILD"): Setting(
            "pgjobs_worker --max-jobs-per-child {value}"
        ),
        _setting("RESULT_EXPIRES|TASK_RESULT_EXPIRES"): Setting(
            'PGJOBS = {"JOB_RETENTION": days}', why="It counts days.", level=Level.LOOK
        ),
        _setting("TASK_ALWAYS_EAGER|ALWAYS_EAGER"): Setting(
            "immediate=True in the calls of tests", level=Level.LOOK
        ),
        _setting("(TASK_)?(QUEUES|CREATE_MISSING_QUEUES)"): Setting(
            'pgjobs_queues = ["…"] on an AppConfig', level=Level.LOOK
        ),
        _setting("(TASK_)?ROUTES"): Setting("queue= of each task", level=Level.LOOK),
        _setting("(TASK_)?DEFAULT_QUEUE"): Setting("queue= of each task", level=Level.LOOK),
        _setting("TIMEZONE"): Setting(
            "remove it", why="cron goes by TIME_ZONE of Django.", level=Level.LOOK
        ),
        r"CELERYD?_[A-Z_]+": Setting("remove it"),
        "DJANGO_CELERY_[A-Z_]+": Setting("remove it"),
    },
    commands=(
        command(_WORKER, _worker),
        command(rf"{_AFTER_APP}beat\b", "remove it", "Every worker runs the clock."),
        command(rf"{_AFTER_APP}(flower|events)\b", "the pages of pgjobs in the admin"),
        command(rf"{_AFTER_APP}(inspect|status|report)\b", "pgjobs workers"),
        command(rf"{_AFTER_APP}purge\b", "pgjobs cancel --status pending"),
        command(rf"{_AFTER_APP}control\b", "pgjobs", level=Level.LOOK),
        command(rf"{_AFTER_APP}multi\b", "pgjobs_worker --processes N"),
    ),
    requirements={
        "celery": "django-pgjobs",
        **dict.fromkeys(
            ("django-celery-beat", "django-celery-results", "flower", "kombu"), "remove it"
        ),
    },
    details=_details,
)
