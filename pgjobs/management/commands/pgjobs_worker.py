"""``manage.py pgjobs_worker``, and the three ways in which it runs.

It is the supervisor, a child of the supervisor, or a worker in the process of ``call_command()``.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Literal, NoReturn

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError
from django.db import connections, router

from pgjobs import events, queues
from pgjobs.alerts import AlertRounds
from pgjobs.checks.connections import check_same_tables
from pgjobs.clock import Clock, LowLevelTasks
from pgjobs.conf import get_settings
from pgjobs.exceptions import DatabaseRefused
from pgjobs.management.worker_options import (
    add_arguments,
    check_liveness_file,
    read_worker_options,
    refuse_options_of_supervisor,
    refuse_preload_elsewhere,
)
from pgjobs.models import Job
from pgjobs.worker.job_processes.fork_server import serve
from pgjobs.worker.job_processes.forking import fork_server_socket, is_fork_server
from pgjobs.worker.liveness.presence import LOST
from pgjobs.worker.options import WorkerOptions
from pgjobs.worker.process.child import child_number, is_child, leave
from pgjobs.worker.process.command_line import can_start
from pgjobs.worker.process.preloading import Zygote, is_zygote, zygote_socket
from pgjobs.worker.process.reloading import CodeWatch
from pgjobs.worker.process.run import run_as_child, run_here
from pgjobs.worker.process.supervisor import RENEWAL, Supervisor
from pgjobs.worker.process.zygote import serve as serve_supervisor
from pgjobs.worker.slots.lone_slot import run_jobs
from pgjobs.worker.startup import look_once
from pgjobs.worker.worker import Worker

logger = logging.getLogger("pgjobs.worker")

_STANDARD_ERROR: Final = 2


def _checks() -> list[str] | Literal["__all__"]:
    """Return the tags of the checks that this process makes.

    The supervisor checks the whole project. A child checks the jobs again, since its code may be
    newer, but not the addresses, and saves the time and the memory that the project's pages take.
    A fork server's worker has just checked, and would see each warning twice.
    """
    if is_fork_server():
        return []
    return [Tags.compatibility] if is_child() or is_zygote() else "__all__"


class Command(BaseCommand):
    help = (
        "Runs background jobs. Serves the given queues strictly in the given order; without queues "
        "it serves high, default and low. After SIGTERM or SIGINT the worker stops when its "
        "running jobs have ended; after a second signal it does not wait for them. Exits with 0 if "
        "each started job has ended, with 1 otherwise."
    )

    requires_system_checks = _checks()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        _log_to_stderr(options["verbosity"])
        if (commands := fork_server_socket()) is not None:
            serve(commands, run_jobs, silence=get_settings().HEARTBEAT_TIMEOUT * LOST)
        if (commands := zygote_socket()) is not None:
            read_worker_options(options)  # what it refuses, each forked process would refuse
            serve_supervisor(commands, lambda: _run_child(read_worker_options(options), options))
        worker_options = read_worker_options(options)
        try:
            if is_child():
                _run_child(worker_options, options)
            elif getattr(self, "_called_from_command_line", False) and _handles_signals():
                _supervise(worker_options, options)
            else:  # call_command(), for example in a test, or Django's autoreloader
                refuse_options_of_supervisor(options)
                if not run_here(_worker(worker_options)):
                    sys.exit(1)
        except DatabaseRefused as error:
            raise CommandError(str(error)) from None


def _supervise(worker_options: WorkerOptions, options: dict[str, Any]) -> NoReturn:
    if not can_start():
        raise CommandError(
            "pgjobs_worker starts its processes by its own command line, so its script can't come "
            "from standard input. Put the script into a file."
        )
    if get_settings().MODE == "inline":
        raise CommandError(
            "PGJOBS['MODE'] is 'inline': by these settings enqueue() runs each due job itself, in "
            "requests too. Remove MODE from the settings of processes that have workers."
        )
    if options["reload"] and not _works_for_good(options):
        raise CommandError("--reload is for a worker without --burst and --max-jobs.")
    refuse_preload_elsewhere(options)
    _open_standard_streams()
    check_liveness_file(options["liveness_file"])
    if not (options["more_queues"] or options["queues"]):
        _warn_of_unserved()
    # A refusal here is told once and ends the command; a child refused later is started again.
    database = router.db_for_write(Job)
    look_once(database)
    _refuse_other_tables(database)
    connections.close_all()  # a supervisor needs none
    supervisor = Supervisor(
        processes=options["processes"],
        shutdown_timeout=worker_options.shutdown_timeout.total_seconds(),
        silence=get_settings().HEARTBEAT_TIMEOUT,
        restarts=_works_for_good(options),
        liveness_file=options["liveness_file"],
        zygote=Zygote() if options["preload"] else None,
    )
    if options["reload"]:
        CodeWatch(on_change=lambda: os.kill(os.getpid(), RENEWAL)).start()
    sys.exit(supervisor.run())


def _refuse_other_tables(database: str) -> None:
    """Raise CommandError if jobs are enqueued where this worker does not look for them."""
    for problem in check_same_tables(databases=[database]):
        if not problem.is_silenced():
            raise CommandError(f"{problem.msg} {problem.hint} ({problem.id})")


def _run_child(worker_options: WorkerOptions, options: dict[str, Any]) -> NoReturn:
    if options["name"] and options["processes"] > 1:
        worker_options = replace(worker_options, name=f"{options['name']}.{child_number()}")
    run_as_child(
        _worker(worker_options, end_process=leave),
        memory_limit=options["max_memory_per_child"],
        is_replaced=options["max_jobs"] is None,
    )


def _worker(options: WorkerOptions, end_process: Callable[[], None] | None = None) -> Worker:
    companions = (
        Clock(burst=options.burst),
        LowLevelTasks(options),
        AlertRounds(burst=options.burst),
    )
    return Worker(options, companions=companions, end_process=end_process)


def _open_standard_streams() -> None:
    """Open the standard streams that are closed.

    Otherwise a connection would get such a number, and the words of jobs would be written to it.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def _handles_signals() -> bool:
    """Return whether this is the main thread: Python gives signals to no other one."""
    return threading.current_thread() is threading.main_thread()


def _works_for_good(options: dict[str, Any]) -> bool:
    """Return whether the worker has no end of its own, so that each ended child is replaced.

    Otherwise only a child that did not end well is replaced.
    """
    return not options["burst"] and options["max_jobs"] is None


def _warn_of_unserved() -> None:
    unserved = [name for name in queues.known_queues() if name not in queues.DEFAULT_QUEUES]
    if unserved:
        events.tell(events.QueuesUnserved(queues.DEFAULT_QUEUES, unserved))


def _log_to_stderr(verbosity: int) -> None:
    """Show the worker's log lines if the project's LOGGING has no handler for them."""
    if verbosity and not logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        root = logging.getLogger("pgjobs")
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        # The pool of procrastinate logs each failed try; one line of the worker tells it once.
        logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())


class _Formatter(logging.Formatter):
    """Escapes what could steer a terminal: tracebacks and lines of jobs hold the text of others."""

    def format(self, record: logging.LogRecord) -> str:
        lines = super().format(record).split("\n")
        return "\n".join(line if _is_harmless(line) else repr(line)[1:-1] for line in lines)


def _is_harmless(line: str) -> bool:
    return line.replace("\t", " ").isprintable()
