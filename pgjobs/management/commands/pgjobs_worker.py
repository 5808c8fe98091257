"""``manage.py pgjobs_worker``: its options, and the three ways in which it runs.

It is the supervisor, a child of the supervisor, or a worker in the process of ``call_command()``.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.db import connections, router

from pgjobs import events, queues
from pgjobs.clock import Clock, LowLevelTasks
from pgjobs.conf import LONGEST, MOST_SLOTS, get_settings
from pgjobs.exceptions import DatabaseRefused, UnknownQueue
from pgjobs.models import Job, WorkerProcess
from pgjobs.showing import brief
from pgjobs.worker import Worker, WorkerOptions
from pgjobs.worker.process.child import child_number, is_child, leave
from pgjobs.worker.process.run import run_as_child, run_here
from pgjobs.worker.process.supervisor import Supervisor
from pgjobs.worker.startup import look_once

logger = logging.getLogger("pgjobs.worker")

_MOST_PROCESSES: Final = 1_000
_MOST: Final = 2**31 - 1
_WHOLE_NUMBERS: Final = {
    "processes": _MOST_PROCESSES,
    "concurrency": MOST_SLOTS,
    "max_jobs": _MOST,
    "max_jobs_per_child": _MOST,
    "max_memory_per_child": _MOST,
}
"""The options that hold a whole number from 1, and the highest number of each."""
_LONGEST_NAME: Final = WorkerProcess._meta.get_field("name").max_length or 0


class Command(BaseCommand):
    help = (
        "Runs background jobs. Serves the given queues strictly in the given order; without queues "
        "it serves high, default and low. After SIGTERM or SIGINT the worker stops when its "
        "running jobs have ended; after a second signal it does not wait for them. Exits with 0 if "
        "each started job has ended, with 1 otherwise."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("queues", nargs="*", metavar="QUEUE", help="a queue to serve")
        parser.add_argument(
            "--queue",
            "-q",
            action="append",
            default=[],
            dest="more_queues",
            metavar="QUEUE",
            help="a queue to serve before all others; may be repeated",
        )
        parser.add_argument(
            "--processes",
            "-p",
            type=partial(_at_least_one, most=_MOST_PROCESSES),
            default=1,
            metavar="P",
            help="worker processes, each with its own slots (default: 1)",
        )
        parser.add_argument(
            "--concurrency",
            "-c",
            type=partial(_at_least_one, most=MOST_SLOTS),
            metavar="N",
            help='slots: jobs that a process runs at once (default: PGJOBS["CONCURRENCY"])',
        )
        parser.add_argument(
            "--burst", action="store_true", help="stop when nothing is due, and exit 0"
        )
        parser.add_argument(
            "--max-jobs",
            type=_at_least_one,
            metavar="N",
            help="each process stops after it has run N jobs",
        )
        parser.add_argument("--name", help="the name of this worker (default: host.pid)")
        parser.add_argument(
            "--shutdown-timeout",
            type=float,
            metavar="S",
            help='seconds that running jobs have to end (default: PGJOBS["SHUTDOWN_TIMEOUT"])',
        )
        parser.add_argument(
            "--max-jobs-per-child",
            type=_at_least_one,
            metavar="N",
            help="replace a process that has run N jobs by a new one",
        )
        parser.add_argument(
            "--max-memory-per-child",
            type=_at_least_one,
            metavar="MIB",
            help="replace a process that uses more than MIB mebibytes of memory by a new one",
        )
        parser.add_argument(
            "--liveness-file",
            type=Path,
            metavar="PATH",
            help="a file that is touched each second while all processes give signs of life",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        _log_to_stderr(options["verbosity"])
        worker_options = _worker_options(options)
        try:
            if is_child():
                _run_child(worker_options, options)
            elif getattr(self, "_called_from_command_line", False) and _handles_signals():
                _supervise(worker_options, options)
            # call_command(), for example in a test, or Django's autoreloader
            elif not run_here(_worker(worker_options)):
                sys.exit(1)
        except DatabaseRefused as error:
            raise CommandError(str(error)) from None


def _worker_options(options: dict[str, Any]) -> WorkerOptions:
    settings = get_settings()
    given = (*options["more_queues"], *options["queues"])
    try:
        queues.check_known(given)
    except UnknownQueue as error:
        raise CommandError(str(error)) from None
    # The parser lets no wrong type pass, but call_command() goes past it.
    for option, most in _WHOLE_NUMBERS.items():
        _check_whole_number(option, options[option], most=most)
    timeout = options["shutdown_timeout"]
    _check_timeout(timeout)
    _check_name(options["name"] or "", processes=options["processes"])
    return WorkerOptions(
        queues=tuple(dict.fromkeys(given)) or queues.DEFAULT_QUEUES,
        name=options["name"] or f"{socket.gethostname()}.{os.getpid()}",
        concurrency=options["concurrency"] or settings.CONCURRENCY,
        shutdown_timeout=timedelta(
            seconds=settings.SHUTDOWN_TIMEOUT if timeout is None else timeout
        ),
        burst=options["burst"],
        max_jobs=options["max_jobs"] or options["max_jobs_per_child"],
    )


def _check_whole_number(option: str, given: Any, *, most: int) -> None:
    is_left_out = given is None and option != "processes"
    if not is_left_out and not (type(given) is int and 1 <= given <= most):
        raise CommandError(
            f"--{option.replace('_', '-')} must be a whole number from 1 to {most:,}, "
            f"not {brief(given)}."
        )


def _check_timeout(given: Any) -> None:
    is_number = isinstance(given, int | float) and 0 <= given <= LONGEST  # nan is not, either
    if given is not None and not is_number:
        raise CommandError(
            f"--shutdown-timeout must be from 0 to {LONGEST:,} seconds, not {brief(given)}."
        )


def _check_name(name: Any, *, processes: int) -> None:
    longest = _LONGEST_NAME - len(f".{processes}")
    # What is not UTF-8 is not printable, either.
    if not isinstance(name, str) or not name.isprintable():
        raise CommandError(f"--name must be printable text, not {name!a}.")
    if len(name) > longest:
        raise CommandError(
            f"--name must have at most {longest} characters, not {len(name)}: {name[:50]}…"
        )


def _check_liveness_file(path: Path | None) -> None:
    if path is not None and not _may_be_touched(path):
        raise CommandError(
            f"--liveness-file must name a file in a directory that this user may write to, not "
            f"{str(path)!r}."
        )


def _may_be_touched(path: Path) -> bool:
    try:
        return not path.is_dir() and os.access(path.parent, os.W_OK | os.X_OK)
    except OSError:  # the name is too long
        return False


def _supervise(worker_options: WorkerOptions, options: dict[str, Any]) -> NoReturn:
    _check_liveness_file(options["liveness_file"])
    if not (options["more_queues"] or options["queues"]):
        _warn_of_unserved()
    # A refusal here is told once and ends the command; a child refused later is started again.
    look_once(router.db_for_write(Job))
    connections.close_all()  # a supervisor needs none
    supervisor = Supervisor(
        processes=options["processes"],
        shutdown_timeout=worker_options.shutdown_timeout.total_seconds(),
        silence=get_settings().HEARTBEAT_TIMEOUT,
        restarts=_works_for_good(options),
        liveness_file=options["liveness_file"],
    )
    sys.exit(supervisor.run())


def _run_child(worker_options: WorkerOptions, options: dict[str, Any]) -> NoReturn:
    if options["name"] and options["processes"] > 1:
        worker_options = replace(worker_options, name=f"{options['name']}.{child_number()}")
    run_as_child(
        _worker(worker_options, end_process=leave),
        memory_limit=options["max_memory_per_child"],
        is_replaced=options["max_jobs"] is None,
    )


def _worker(options: WorkerOptions, end_process: Callable[[], None] | None = None) -> Worker:
    companions = (Clock(burst=options.burst), LowLevelTasks(options))
    return Worker(options, companions=companions, end_process=end_process)


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


def _at_least_one(text: str, most: int = _MOST) -> int:
    # Python reads no number of 4,301 digits.
    if not text.isdecimal() or len(text) > 20 or not 1 <= int(text) <= most:
        raise ArgumentTypeError(
            f"{brief(text)} is not a whole number of at least 1 and at most {most:,}"
        )
    return int(text)


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
