"""Looks at the cluster: its workers, and jobs that no worker will run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db.models.functions import Now

from pgjobs import stats
from pgjobs.doctor.finding import Finding, Severity
from pgjobs.doctor.reading import read
from pgjobs.models import JournalEntry, WorkerProcess
from pgjobs.showing import counted

_LONG_WAIT: Final = timedelta(minutes=1)
"""An action waits if it has not advanced for so long. A batch takes some seconds at most."""


def no_worker(using: str) -> Iterator[Finding]:
    """Find a cluster without a living worker."""
    if any(worker.alive for worker in stats.workers(using)):
        return
    schedules = [each for each in stats.schedules(using) if each.fires]
    yield Finding(
        Severity.CRITICAL if schedules else Severity.NOTE,
        "no worker",
        f"No worker lives, so {counted(len(schedules), 'system job')} will not run."
        if schedules
        else "No worker lives.",
        "Start one: manage.py pgjobs_worker.",
    )


def lost_workers(using: str) -> Iterator[Finding]:
    """Find workers that give no sign of life."""
    workers = stats.workers(using)
    is_safe = any(worker.alive for worker in workers)
    for worker in workers:
        if not worker.alive:
            yield Finding(
                Severity.WARNING if is_safe or not worker.running else Severity.CRITICAL,
                "lost worker",
                f"Worker {worker.id} ({worker.name}, pid {worker.pid} on {worker.hostname}) is "
                f"{worker.state}, with {counted(worker.running, 'job')}.",
                "Look for the cause in its log. Another worker takes its jobs back within seconds."
                if is_safe
                else "Start a worker: it takes back the jobs of the others.",
            )


def different_code(using: str) -> Iterator[Finding]:
    """Find living workers that run different versions of the code."""
    workers: dict[tuple[str, str], list[str]] = {}
    for worker in stats.workers(using):
        if worker.alive and worker.pgjobs_version is not None:
            version = (worker.code_version or "", worker.pgjobs_version)
            workers.setdefault(version, []).append(worker.name)
    if len(workers) > 1:
        shown = "; ".join(
            f"{', '.join(sorted(names))}: {code or 'no version'} on pgjobs {pgjobs or 'unknown'}"
            for (code, pgjobs), names in sorted(workers.items())
        )
        yield Finding(
            Severity.WARNING,
            "different code",
            f"Workers run different code: {shown}.",
            "During a deploy this passes. Otherwise order the older ones to restart: "
            "manage.py pgjobs restart.",
        )


def unserved_queues(using: str) -> Iterator[Finding]:
    """Find queues with jobs and without a living worker."""
    for queue in stats.queues(using):
        waiting = queue.pending + queue.scheduled
        if waiting and not queue.workers:
            yield Finding(
                Severity.NOTE if queue.paused else Severity.CRITICAL,
                "unserved queue",
                f"{_waiting(waiting)} in the queue {queue.queue}, and no living worker serves it.",
                f"Start one: manage.py pgjobs_worker {queue.queue}.",
            )
        elif waiting and queue.paused:
            yield Finding(
                Severity.NOTE,
                "paused queue",
                f"{_waiting(waiting)} in the queue {queue.queue}, which is paused.",
                f"Resume it when you want: manage.py pgjobs resume {queue.queue}.",
            )


def _waiting(jobs: int) -> str:
    return f"{counted(jobs, 'job')} {'waits' if jobs == 1 else 'wait'}"


def unknown_classes(using: str) -> Iterator[Finding]:
    """Find waiting jobs of classes that no worker knows."""
    for job_class, jobs, example in read(using, "doctor/unknown_classes"):
        yield Finding(
            Severity.WARNING,
            "unknown class",
            f"No worker has registered the class {job_class} of {counted(jobs, 'waiting job')}, "
            f"such as {example}.",
            "Deploy the code to the workers, or cancel the jobs: they will end as errored.",
        )


def waiting_actions(using: str) -> Iterator[Finding]:
    """Find bulk actions that no process has gone on with for a while."""
    running = JournalEntry.objects.using(using).filter(state=JournalEntry.State.RUNNING)
    for each in running.filter(updated__lt=Now() - _LONG_WAIT).order_by("pk"):
        yield Finding(
            Severity.WARNING,
            "waiting action",
            f"For a minute no process has gone on with the bulk action {each.pk} ({each.verb}, "
            f"{each.done} of {each.counted} jobs): {_carried_by(each)}.",
            f"Start a worker of this release, or run manage.py pgjobs journal --here {each.pk}.",
        )


def _carried_by(action: JournalEntry) -> str:
    if action.carrier:
        return f"{action.carrier} has it"
    return "no worker has taken it, and a worker of an older release may know no bulk actions"


def late_schedules(using: str) -> Iterator[Finding]:
    """Find system jobs that are overdue."""
    late = [each for each in stats.schedules(using) if each.overdue_by]
    if not late:
        return
    lives = any(each.state == "alive" for each in stats.workers(using))
    first = late[0]
    yield Finding(
        Severity.CRITICAL,
        "late schedule",
        f"{counted(len(late), 'system job')} {'is' if len(late) == 1 else 'are'} late, "
        f"{first.job_class} by {first.overdue_by}.",
        "Look for pgjobs.clock in the logs of the workers: their clock fails, or lags."
        if lives
        else "No worker lives, so no clock runs. Start one: manage.py pgjobs_worker.",
    )


def workers_behind_poolers(using: str) -> Iterator[Finding]:
    """Find workers that have no session of their own."""
    workers = WorkerProcess.objects.using(using).filter(stopped=None, has_session_lock=False)
    if names := sorted({worker.name for worker in workers}):
        yield Finding(
            Severity.NOTE,
            "worker behind a pooler",
            f"{', '.join(names)} reach PostgreSQL through a pooler: they poll and do not listen.",
            'Name a way past the pooler in PGJOBS["DIRECT_DATABASE"]: see docs/pgbouncer.md.',
        )
