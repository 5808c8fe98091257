"""System checks of settings, queues and job classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from pgjobs import queues
from pgjobs.choices import JobIsolation
from pgjobs.conf import find_problems, get_settings
from pgjobs.jobs.system import system_jobs
from pgjobs.registry.job_class import JobClass
from pgjobs.registry.meta import naming_class
from pgjobs.registry.names import JobTarget, ambiguous, registered
from pgjobs.registry.targets import is_job_class, options_of
from pgjobs.rows.failure import shown
from pgjobs.showing import brief

_SHORTEST_TOKEN: Final = 20
"""Characters of a token that is no warning."""


def check_apps(**_: Any) -> Iterable[CheckMessage]:
    """E004: procrastinate's app is installed, before pgjobs."""
    names = [config.name for config in apps.get_app_configs()]
    ours, theirs = "pgjobs", "procrastinate.contrib.django"
    if theirs not in names or names.index(theirs) > names.index(ours):
        yield Error(
            f"{theirs!r} must stand before {ours!r} in INSTALLED_APPS.",
            hint=f'INSTALLED_APPS = ["{theirs}", "{ours}", …]',
            id="pgjobs.E004",
        )


def check_settings(**_: Any) -> Iterable[CheckMessage]:
    """E005: PGJOBS contains only known settings, with values of the right types."""
    for problem in find_problems(getattr(settings, "PGJOBS", {})):
        yield Error(problem, hint="See docs/settings.md.", id="pgjobs.E005")


def check_queues(**_: Any) -> Iterable[CheckMessage]:
    """E006: the queues of apps and of QUEUE_MAPPINGS have valid names."""
    for config in apps.get_app_configs():
        try:
            yield from _bad_names(f"The app {config.label}", queues.queues_of(config))
        except ImproperlyConfigured as error:
            yield Error(str(error), hint="Write a list, such as ['foo'].", id="pgjobs.E006")
    if _settings_can_be_read():
        mapped = get_settings().QUEUE_MAPPINGS.values()
        yield from _bad_names('PGJOBS["QUEUE_MAPPINGS"]', mapped)


def _bad_names(source: str, names: Iterable[str]) -> Iterable[CheckMessage]:
    for name in names:
        if not queues.is_valid_name(name):
            yield Error(
                f"{source} names the queue {name!r}, which is not a valid name for a queue.",
                hint="Use ASCII letters, digits, '_', '.' and '-', with no '.' or '-' in front, "
                f"and at most {queues.NAME_LIMIT} characters.",
                id="pgjobs.E006",
            )


def check_job_names(**_: Any) -> Iterable[CheckMessage]:
    """W007: no name of a ``Meta.name`` belongs to a second class too, except by inheritance.

    Nothing is found by a name. So default names may be equal.
    """
    named: dict[str, list[type[JobClass]]] = {}
    for job in _job_classes():
        named.setdefault(str(job.name), []).append(job)
    for name, classes in named.items():
        sources = {naming_class(job) for job in classes}
        if len(sources) > 1:  # one source, or None alone: inherited, or the names of the classes
            paths = ", ".join(sorted(job.path for job in classes))
            yield Warning(
                f"{len(classes)} job classes are named {name!r}: {paths}.",
                hint="Give each class a Meta.name of its own: people tell jobs apart by it.",
                id="pgjobs.W007",
            )


def check_job_paths(**_: Any) -> Iterable[CheckMessage]:
    """W009: no two definitions have the same dotted path."""
    for path in ambiguous():
        yield Warning(
            f"{path} is defined twice, and rows can name only the later definition.",
            hint="Rename one of the two.",
            id="pgjobs.W009",
        )


def check_queue_mappings(**_: Any) -> Iterable[CheckMessage]:
    """E010: each key of QUEUE_MAPPINGS names a model."""
    if not _settings_can_be_read():
        return
    for key in get_settings().QUEUE_MAPPINGS:
        if not queues.names_a_model(key):
            yield Error(
                f'PGJOBS["QUEUE_MAPPINGS"] has the key {brief(key)}, which names no model.',
                hint="A key is 'app.model', 'model', a model class, or None for jobs without an "
                "object.",
                id="pgjobs.E010",
            )


def check_notifier(**_: Any) -> Iterable[CheckMessage]:
    """E014: NOTIFIER and the notifier of ALERTS name functions that can be imported."""
    if not _settings_can_be_read():
        return
    settings = get_settings()
    yield from _check_function("['NOTIFIER']", settings.NOTIFIER, "the finished job")
    if settings.ALERTS and (path := settings.ALERTS.get("notifier")):
        yield from _check_function("['ALERTS']['notifier']", path, "an Alert")


def _check_function(setting: str, path: str, argument: str) -> Iterable[CheckMessage]:
    if problem := _problem_with_function(path):
        yield Error(
            f"PGJOBS{setting} is {path!r}, which {problem}",
            hint=f"Give the dotted path of a function that takes {argument}.",
            id="pgjobs.E014",
        )


def check_visible_jobs(**_: Any) -> Iterable[CheckMessage]:
    """E016: VISIBLE_JOBS is empty, or names a function that can be imported."""
    if not _settings_can_be_read():
        return
    path = get_settings().VISIBLE_JOBS
    if path and (problem := _problem_with_function(path)):
        yield Error(
            f"PGJOBS['VISIBLE_JOBS'] is {path!r}, which {problem}",
            hint="Give the dotted path of a function that takes a user and a query set of jobs, "
            "and returns the jobs that the user may see. Until then no page shows a job.",
            id="pgjobs.E016",
        )


def _problem_with_function(path: str) -> str:
    try:
        function = import_string(path)
    except Exception as error:  # code of the project runs
        return f"can't be imported: {shown(error, str)}"
    return "" if callable(function) else "names no function."


def check_job_queues(**_: Any) -> Iterable[CheckMessage]:
    """E008: the queue of each job class, job function and system job exists."""
    try:
        known = queues.known_queues()
    except ImproperlyConfigured:
        return  # reported by E005 or E006
    for place, queue in _named_queues():
        if queue is not None and queue not in known:
            yield Error(
                f"{place} is {queue!r}, which is not a queue.",
                hint=f"The queues are: {', '.join(known)}.",
                id="pgjobs.E008",
            )


def _named_queues() -> Iterable[tuple[str, Any]]:
    for path, target in registered().items():
        yield _option(path, target, "queue"), options_of(target).queue
    for path, rule in system_jobs().items():
        yield f"setup(queue_name=…) of {path}", rule.options.get("queue_name")


def _job_classes() -> list[type[JobClass]]:
    return [job for job in registered().values() if is_job_class(job)]


def _option(path: str, target: JobTarget, name: str) -> str:
    return f"{path}.Meta.{name}" if is_job_class(target) else f"@job({name}=…) of {path}"


def _settings_can_be_read() -> bool:
    return not find_problems(getattr(settings, "PGJOBS", {}))


def check_memory_limits(**_: Any) -> Iterable[CheckMessage]:
    """W015: a job with a memory limit has a process that the limit can end."""
    if not _settings_can_be_read():
        return
    default = get_settings().ISOLATION
    for path, target in registered().items():
        options = options_of(target)
        isolation = options.isolation or default
        if options.memory_limit is not None and isolation == JobIsolation.THREAD:
            yield Warning(
                f"{_option(path, target, 'memory_limit')} has no effect, because its jobs run in "
                "threads.",
                hint="Set isolation to 'process' or 'fresh_process', or PGJOBS['ISOLATION'] "
                "for all jobs.",
                id="pgjobs.W015",
            )


def check_metrics_token(**_: Any) -> Iterable[CheckMessage]:
    """W019: METRICS_TOKEN can't be guessed, and is no other secret."""
    if not _settings_can_be_read():
        return
    token = get_settings().METRICS_TOKEN
    if not token:
        return
    if token == settings.SECRET_KEY:
        problem = "is SECRET_KEY: every scraper would hold the key that signs the sessions"
    elif len(token) < _SHORTEST_TOKEN or len(set(token)) < _SHORTEST_TOKEN // 2:
        problem = (
            f"can be guessed: it has {len(token)} characters, {len(set(token))} different ones"
        )
    else:
        return
    yield Warning(
        f"PGJOBS['METRICS_TOKEN'] {problem}.",
        hint="Take what python -c 'import secrets; print(secrets.token_urlsafe(32))' prints.",
        id="pgjobs.W019",
    )


def check_mode(**_: Any) -> Iterable[CheckMessage]:
    """W036: with ``check --deploy``, workers run the jobs."""
    if not _settings_can_be_read():
        return
    mode = get_settings().MODE
    if mode != "worker":
        does = "runs due jobs in the caller's process" if mode == "inline" else "wakes no worker"
        yield Warning(
            f"PGJOBS['MODE'] is {mode!r}: enqueue() {does}.",
            hint="Remove MODE from the settings of the deployment: it is meant for tests.",
            id="pgjobs.W036",
        )
