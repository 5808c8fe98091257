"""What code for NetBox has to change: its imports, and what a process of its own hid."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.project import Project
from pgjobs.porting.system import Name, Reader, Setting, System

_RUNNERS: Final = ("netbox.jobs.JobRunner", "utilities.jobs.BackgroundJob")
_JOBS: Final = ("core.models.Job", "core.models.jobs.Job", "netbox.jobs.Job")
_SAVES: Final = ("django.db.models.signals.post_save", "django.db.models.signals.pre_save")
_KEY: Final = "The database gives the key."
_MISSPELT: Final = {"scheduled_at": "schedule_at", "schedule": "schedule_at", "eta": "schedule_at"}

NAMES: Final = {
    "utilities.jobs.BackgroundJob": "BackgroundJob",
    "netbox.jobs.JobRunner": "JobRunner",
    "netbox.jobs.system_job": "system_job",
    "core.choices.JobStatusChoices": "JobStatusChoices",
    "core.choices.JobIntervalChoices": "JobIntervalChoices",
    "core.choices.JobNotificationChoices": "JobNotificationChoices",
    "core.exceptions.JobFailed": "JobFailed",
    "rq.timeouts.JobTimeoutException": "JobTimeoutException",
    "core.models.Job": "Job",
    "core.models.jobs.Job": "Job",
    "netbox.jobs.Job": "Job",
    "netbox.models.features.JobsMixin": "JobsMixin",
    "core.signals.job_start": "job_start",
    "core.signals.job_end": "job_end",
    "netbox.plugins.PluginConfig": "PluginConfig",
    "netbox.registry.registry": "registry",
    "utilities.request.copy_safe_request": "copy_safe_request",
    "utilities.rqworker.get_queue_for_model": "get_queue_for_model",
    "utilities.rqworker.get_workers_for_queue": "get_workers_for_queue",
    "utilities.rqworker.any_workers_for_queue": "any_workers_for_queue",
    "netbox.views.generic.ObjectJobsView": "ObjectJobsView",
}
"""Names of NetBox, and of `pgjobs.netbox`."""


def _is_used(project: Project) -> bool:
    # `core.models.Job` may be anybody's. NetBox's is meant where NetBox is imported.
    return project.imports("netbox") and not project.has_top_module("core.models")


def _details(reader: Reader) -> Iterator[Finding]:
    for node in reader.module.nodes:
        match node:
            case ast.Call():
                yield from _call(reader, node)
            case ast.ClassDef() if _is_runner(reader, node):
                yield from _process_of_its_own(reader, node)


def _call(reader: Reader, node: ast.Call) -> Iterator[Finding]:
    yield from _receiver(reader, node)
    if _is_job(reader, node.func):
        for argument in node.keywords:
            if argument.arg == "job_id":
                yield reader.finding(argument, "leave it out", why=_KEY)
    if not isinstance(node.func, ast.Attribute) or not node.func.attr.endswith(_ENQUEUEING):
        return
    if _is_job(reader, node.func.value):
        yield from _function(reader, node)
        yield from _arguments(reader, node)
    elif _is_a_runner(reader, node.func.value):
        yield from _arguments(reader, node)


_ENQUEUEING: Final = ("enqueue", "enqueue_once")


def _is_job(reader: Reader, node: ast.AST) -> bool:
    return any(each in reader.module.dotted(node) for each in _JOBS)


def _receiver(reader: Reader, node: ast.Call) -> Iterator[Finding]:
    """``@receiver(post_save, sender=Job)`` and ``post_save.connect(…, sender=Job)``."""
    sender = next((each for each in node.keywords if each.arg == "sender"), None)
    if sender is None or not _is_job(reader, sender.value):
        return
    connected = [node.func.value] if isinstance(node.func, ast.Attribute) else node.args[:1]
    if any(signal in reader.module.dotted(each) for each in connected for signal in _SAVES):
        yield reader.finding(
            sender,
            "a receiver of job_enqueued, job_start or job_end of pgjobs",
            why="A worker writes the status without save(), so post_save tells of new jobs alone.",
            level=Level.LOOK,
        )


def _is_a_runner(reader: Reader, node: ast.AST) -> bool:
    names = reader.module.dotted(node)
    return any(reader.project.is_made_by(names, runner) for runner in _RUNNERS)


def _is_runner(reader: Reader, node: ast.ClassDef) -> bool:
    names = tuple(name for base in node.bases for name in reader.module.dotted(base))
    return any(runner in names or reader.project.is_made_by(names, runner) for runner in _RUNNERS)


def _function(reader: Reader, node: ast.Call) -> Iterator[Finding]:
    """A function that a worker shall run must be registered."""
    if not node.args:
        return
    names = reader.module.dotted(node.args[0])
    found = reader.project.find(names)
    if found is not None and found.parameters is not None and not _is_registered(found.decorators):
        why = "A worker runs only functions that are registered."
        yield reader.mark(found, "@pgjobs.register above it", why)


def _is_registered(decorators: tuple[str, ...]) -> bool:
    return any(each.startswith("pgjobs.") for each in decorators)


def _arguments(reader: Reader, node: ast.Call) -> Iterator[Finding]:
    for argument in node.keywords:
        value = argument.value
        text = reader.module.text(value)
        if argument.arg == "request":
            yield from _request(reader, value)
        if argument.arg == "job_id":
            yield reader.finding(argument, "leave it out", why=_KEY)
        if argument.arg in _MISSPELT:
            yield reader.finding(
                argument,
                f"{_MISSPELT[argument.arg]}={text}",
                why="NetBox hands this name to run(), and the job starts at once.",
            )
        if isinstance(value, ast.Dict) and any(_is_number(key) for key in value.keys):
            yield reader.finding(
                value,
                "{str(key): value for key, value in ….items()}",
                why="A dict with keys that are no texts is refused.",
            )
        if isinstance(value, ast.DictComp) and _is_key(value.key):
            yield reader.finding(
                value,
                "a dict whose keys are texts, such as str(obj.pk)",
                why="A dict with keys that are no texts is refused.",
            )


def _request(reader: Reader, value: ast.expr) -> Iterator[Finding]:
    branches = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
    for each in branches:
        if isinstance(each, ast.Name | ast.Attribute):
            new = f"copy_safe_request({reader.module.text(each)})"
            yield reader.finding(each, new, why="A request can't be stored as JSON.")


def _is_number(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and type(key.value) is int


def _is_key(key: ast.expr) -> bool:
    return isinstance(key, ast.Attribute) and key.attr in ("pk", "id")


def _process_of_its_own(reader: Reader, node: ast.ClassDef) -> Iterator[Finding]:
    """NetBox forks a process for each job; pgjobs runs jobs in threads unless told otherwise."""
    runs = [each for each in node.body if getattr(each, "name", "") == "run"]
    for call in (each for run in runs for each in ast.walk(run) if isinstance(each, ast.Call)):
        if "signal.signal" in reader.module.dotted(call.func):
            yield reader.finding(
                call,
                'isolation = "process" in class Meta',
                why="Only a main thread may set a handler of a signal.",
            )
        elif isinstance(call.func, ast.Attribute) and call.func.attr == "addHandler":
            yield reader.finding(
                call,
                'isolation = "fresh_process" in class Meta, or removeHandler() in a finally',
                why="In a thread the handler stays for all later jobs of the process.",
                level=Level.LOOK,
            )


SYSTEM: Final = System(
    name="netbox",
    title="NetBox",
    packages=("netbox.jobs", "utilities.jobs"),
    words=r"\b(netbox|core|utilities|rq|QUEUE_MAPPINGS|JOB_RETENTION)\b",
    names={
        **{old: Name(f"from pgjobs.netbox import {new}") for old, new in NAMES.items()},
        "utilities.rqworker.get_rq_retry": Name(
            why="A class has max_attempts and backoff in its `class Meta`.", level=Level.LOOK
        ),
    },
    settings={
        "QUEUE_MAPPINGS": Setting('PGJOBS = {"QUEUE_MAPPINGS": {value}}'),
        "JOB_RETENTION": Setting('PGJOBS = {"JOB_RETENTION": {value}}'),
    },
    details=_details,
    is_used=_is_used,
)
