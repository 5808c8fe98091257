"""What code for django-q2 has to change: calls, schedules, results, settings, commands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pgjobs.porting.commands import MANAGE, command
from pgjobs.porting.django_q_schedules import HOOK, SCHEDULE, read_schedule
from pgjobs.porting.enqueueing import by_position
from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.module import has_unpacking, keywords, literal
from pgjobs.porting.project import Definition
from pgjobs.porting.settings import shown
from pgjobs.porting.system import Name, Reader, Setting, System

_ASYNC_TASK: Final = "django_q.tasks.async_task"
_MODEL: Final = "django_q.models.Schedule"

_OPTIONS: Final = frozenset(
    "hook group save sync cached ack_failure iter_count iter_cached chain broker cluster timeout "
    "q_options task_name".split()
)
_DROPPED: Final = frozenset("save cached ack_failure broker group".split())
_WITHOUT: Final = {
    "hook": HOOK,
    "group": "pgjobs has no groups: keep the keys of the jobs.",
    "q_options": "Its options become options of enqueue().",
    "chain": "Enqueue the next job at the end of the function.",
    "iter_count": "Use enqueue_many().",
    "iter_cached": "Use enqueue_many().",
}
_AS: Final = {
    "timeout": "timeout={}",
    "cluster": "queue_name={}",
    "task_name": "name={}",
    "sync": "immediate={}",
}

_NEXT: Final = "Let the function enqueue the next job at its end."
_KEEP: Final = "Keep job.pk of what enqueue() returns: it is a number."

# Calls of async_task() ------------------------------------------------------------------------


def _details(reader: Reader) -> Iterator[Finding]:
    for node in reader.module.nodes:
        match node:
            case ast.Call():
                yield from _call(reader, node)
            case ast.Assign(targets=[ast.Name(id="Q_CLUSTER")], value=ast.Dict() as cluster):
                reader.done.add(node)
                yield from _cluster(reader, node, cluster)


def _call(reader: Reader, node: ast.Call) -> Iterator[Finding]:
    names = reader.module.dotted(node.func)
    if _ASYNC_TASK in names:
        yield from _async_task(reader, node)
    elif SCHEDULE in names:
        yield from _schedule(reader, node, keywords(node))
    elif any(name.startswith(f"{_MODEL}.objects.") and "create" in name for name in names):
        yield from _schedule(reader, node, _of_create(node))


def _of_create(node: ast.Call) -> dict[str, ast.expr]:
    """Return the fields of a ``create()``, also those in ``defaults`` of ``get_or_create()``."""
    given = keywords(node)
    for name in ("defaults", "create_defaults"):
        defaults = given.pop(name, None)
        if isinstance(defaults, ast.Dict):
            pairs = zip(defaults.keys, defaults.values, strict=True)
            given |= {str(literal(key)): value for key, value in pairs}
    return given


def _async_task(reader: Reader, node: ast.Call) -> Iterator[Finding]:
    reader.done.update(ast.walk(node.func))
    given = keywords(node)
    target = node.args[0] if node.args else given.pop("func", None)
    definition, written = _target(reader, target)
    yield from _mark(reader, definition)
    notes = [_WITHOUT[name] for name in given if name in _WITHOUT and name not in _DROPPED]
    if definition is None:
        notes.insert(0, _NOT_HERE)
    new, why = _enqueue(reader, node, given, written, definition)
    notes += [why] if why else []
    level = Level.LOOK if notes else Level.CHANGE
    yield reader.finding(node, new, why=" ".join(notes), level=level)


_NOT_HERE: Final = "Its function can't be seen here: it needs @pgjobs.job above it."


def _enqueue(
    reader: Reader,
    node: ast.Call,
    given: dict[str, ast.expr],
    written: str,
    definition: Definition | None,
) -> tuple[str, str]:
    """Return the call to write, and a note about what it leaves out."""
    text = reader.module.text
    options = [pattern.format(text(given[name])) for name, pattern in _AS.items() if name in given]
    positional = node.args[1:]
    named = [f"{name}={text(value)}" for name, value in given.items() if name not in _OPTIONS]
    if not options or has_unpacking(node):
        stars = [f"**{text(each.value)}" for each in node.keywords if each.arg is None]
        arguments = [*map(text, positional), *named, *stars]
        return f"{written}.delay({', '.join(arguments)})", _lost(options)
    try:
        parameters = definition.parameters if definition is not None else ()
        by_name = by_position(reader.module, positional, parameters or ())
    except IndexError:
        by_name = ["…"]
    note = "Give the arguments by their names." if "…" in by_name else ""
    return f"{written}.enqueue({', '.join([*by_name, *named, *options])})", note


def _lost(options: list[str]) -> str:
    return f"With {', '.join(options)} call enqueue(), with arguments by name." if options else ""


def _target(reader: Reader, node: ast.expr | None) -> tuple[Definition | None, str]:
    """Return the function that ``async_task()`` names, and how code calls it."""
    if isinstance(path := literal(node), str):
        return reader.project.find((path,)), path.rpartition(".")[2]
    if not isinstance(node, ast.Name | ast.Attribute):
        return None, "function"
    return reader.project.find(reader.module.dotted(node)), reader.module.text(node)


def _mark(reader: Reader, definition: Definition | None) -> Iterator[Finding]:
    """A function that a worker shall run needs the decorator."""
    if definition is None or definition.parameters is None:
        return
    if not any(each.startswith("pgjobs.") for each in definition.decorators):
        yield reader.mark(definition, "@pgjobs.job above it", "A worker runs only such functions.")


def _schedule(reader: Reader, node: ast.Call, given: dict[str, ast.expr]) -> Iterator[Finding]:
    reader.done.update(ast.walk(node))
    definition, written = _target(reader, node.args[0] if node.args else given.get("func"))
    yield from _mark(reader, definition)
    yield read_schedule(reader, node, given, written, definition)


# Settings -------------------------------------------------------------------------------------

_OF_CLUSTER: Final = {
    "workers": "python manage.py pgjobs_worker --processes {}",
    "timeout": 'PGJOBS = {{"DEFAULT_TIMEOUT": {}}}',
    "recycle": "python manage.py pgjobs_worker --max-jobs-per-child {}",
    "max_attempts": "max_attempts={} of each job",
    "max_rss": "python manage.py pgjobs_worker --max-memory-per-child {} // 1024",
    "sync": "immediate=True in the calls of tests",
    "ALT_CLUSTERS": "python manage.py pgjobs_worker QUEUE for each",
}


def _cluster(reader: Reader, node: ast.Assign, cluster: ast.Dict) -> Iterator[Finding]:
    yield reader.finding(node, "remove it", old=shown(reader, node))
    for key, value in zip(cluster.keys, cluster.values, strict=True):
        name = literal(key)
        if key is not None and isinstance(name, str) and name in _OF_CLUSTER:
            text = reader.module.text(value)
            new = _OF_CLUSTER[name].format(text)
            yield reader.finding(key, new, old=f"{reader.module.text(key)}: {text}")


def _names() -> dict[str, Name]:
    job = "from pgjobs.models import Job"
    look = Level.LOOK
    get = Name(job, "Job.objects.get(pk=…)", why=_KEEP)
    names = {
        _ASYNC_TASK: Name("", "task.enqueue", level=look),
        SCHEDULE: Name("", "@pgjobs.system_job(…)", level=look),
        _MODEL: Name(new="pgjobs.models.Schedule", level=look),
        "django_q.tasks.fetch": get,
        "django_q.tasks.result": Name(job, "Job.objects.get(pk=…).wait().result", why=_KEEP),
        "django_q.tasks.queue_size": Name(job, "Job.objects.waiting().count"),
        "django_q.tasks.async_iter": Name("", "enqueue_many()", level=look),
        "django_q.tasks.async_chain": Name("", "task.enqueue(…)", _NEXT, look),
        "django_q.tasks.Chain": Name("", "task.enqueue(…)", _NEXT, look),
        "django_q.tasks.Iter": Name("", "enqueue_many()", level=look),
        "django_q.tasks.AsyncTask": Name("", "task.enqueue(…)", level=look),
        "django_q.models.Task": Name(job, "Job"),
        "django_q.models.Success": Name(job, "Job"),
        "django_q.models.Failure": Name(job, "Job"),
        "django_q.models.OrmQ": Name(job, "Job"),
        "django_q.models.Success.objects": Name(new='Job.objects.filter(status="completed")'),
        "django_q.models.Failure.objects": Name(new='Job.objects.filter(status="errored")'),
        "django_q.models.OrmQ.objects": Name(new="Job.objects.waiting()"),
        "django_q.signals.pre_enqueue": Name("import pgjobs", "pgjobs.job_enqueued", level=look),
        "django_q.signals.pre_execute": Name("import pgjobs", "pgjobs.job_start"),
        "django_q.signals.post_execute": Name("import pgjobs", "pgjobs.job_end"),
    }
    for each in ("fetch_group", "result_group", "count_group", "delete_group"):
        why = "pgjobs has no groups: keep the keys of the jobs."
        names[f"django_q.tasks.{each}"] = Name(job, "Job.objects.filter(pk__in=…)", why, look)
    # The package has the names of its modules, too.
    return names | {
        name.replace(".tasks.", "."): advice for name, advice in names.items() if ".tasks." in name
    }


SYSTEM: Final = System(
    name="django_q",
    title="django-q2",
    packages=("django_q",),
    words=r"django_q|Q_CLUSTER|qcluster",
    names=_names(),
    modules={"django_q": Name(), "django_q.tasks": Name(), "django_q.models": Name()},
    apps={"django_q": '"procrastinate.contrib.django", "pgjobs"'},
    management={"qcluster": '"pgjobs_worker"'},
    settings={"Q_CLUSTER": Setting("remove it")},
    commands=(
        command(rf"{MANAGE}qcluster\b", "pgjobs_worker"),
        command(rf"{MANAGE}qmonitor\b", "pgjobs top"),
        command(rf"{MANAGE}(?:qinfo|qmemory)\b", "pgjobs workers"),
    ),
    requirements={"django-q": "django-pgjobs", "django-q2": "django-pgjobs"},
    details=_details,
)
