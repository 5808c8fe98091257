"""Whether jobs are run at present, for probes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db import Error, router, transaction

from pgjobs import stats
from pgjobs.doctor.reading import be_impatient
from pgjobs.models import Job
from pgjobs.showing import counted, in_words

_LONGEST: Final = 10.0
"""Seconds for one statement at most. A backlog of millions is counted in seconds."""


def faults(queues: Iterable[str] = (), longest: timedelta | None = None) -> list[str]:
    """Return a sentence for each reason why jobs are not run; an empty list if all is well.

    ``queues`` must have a living worker even if they are empty. ``longest`` is the longest time
    that a due job may have waited.

    A database that does not answer is a fault as well, and no exception.
    """
    database = router.db_for_write(Job)
    try:
        with transaction.atomic(using=database):
            stats.be_patient_for(_LONGEST, database)
            be_impatient(database)
            return _faults_of_queues(database, queues, longest) + _faults_of_schedules(database)
    except Error as error:
        return [f"The jobs can't be read: {' '.join(str(error).split())}"]


def _faults_of_queues(database: str, wanted: Iterable[str], longest: timedelta | None) -> list[str]:
    queues = {each.queue: each for each in stats.queues(database)}
    faults = [
        f"No living worker serves the queue {name}."
        for name in dict.fromkeys([*wanted, *queues])
        if name not in queues or not (queues[name].workers or queues[name].paused)
    ]
    for queue in queues.values():
        late = queue.latency
        if longest is not None and late is not None and late > longest and not queue.paused:
            faults.append(f"A job of the queue {queue.queue} has waited for {in_words(late)}.")
    return faults


def _faults_of_schedules(database: str) -> list[str]:
    schedules = [each for each in stats.schedules(database) if each.fires]
    if schedules and not any(worker.alive for worker in stats.workers(database)):
        return [f"No worker lives, so {counted(len(schedules), 'system job')} will not run."]
    return [
        f"The system job {each.job_class} is late by {in_words(each.overdue_by)}."
        for each in schedules
        if each.overdue_by
    ]
