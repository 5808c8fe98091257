"""``manage.py pgjobs_worker``"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections, router

from pgjobs import events, queues
from pgjobs.clock import Clock, LowLevelTasks
from pgjobs.conf import get_settings
from pgjobs.exceptions import DatabaseRefused, UnknownQueue
from pgjobs.models import Job
from pgjobs.worker import Worker, WorkerOptions
from pgjobs.worker.process.child import (
    EXIT_AGAIN,
    Bond,
    child_number,
    die_with_any_thread,
    is_child,
    leave,
)
from pgjobs.worker.process.supervisor import Supervisor
from pgjobs.worker.startup import look_once

logger = logging.getLogger("pgjobs.worker")

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_YOUNG_OBJECTS = 20_000  # more than what a thousand claimed jobs are made of


class Command(BaseCommand):
    help = (
        "Runs background jobs. Without queues it serves high, default and low, strictly in that "
        "order; with queues exactly those, in the order given. SIGTERM or SIGINT lets running jobs "
        "end; a second one does not wait. Exits 0 when every started job ended, else 1."
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
            help="the same, as an option; may be repeated, and comes first",
        )
        parser.add_argument(
            "--processes",
            "-p",
            type=_at_least_one,
            default=1,
            metavar="P",
            help="worker processes, each with its own slots (default: 1)",
        )
        parser.add_argument(
            "--concurrency",
            "-c",
            type=_at_least_one,
            metavar="N",
            help='slots: jobs that a process runs at once (default: PGJOBS["CONCURRENCY"])',
        )
        parser.add_argument(
            "--burst", action="store_true", help="stop when nothing is due, and exit 0"
        )
        parser.add_argument(
            "--max-jobs", type=_at_least_one, metavar="N", help="each process stops after N jobs"
        )
        parser.add_argument("--name", help="how this worker is shown (default: host.pid)")
        parser.add_argument(
            "--shutdown-timeout",
            type=float,
            metavar="S",
            help='seconds that running jobs get to end (default: PGJOBS["SHUTDOWN_TIMEOUT"])',
        )
        parser.add_argument(
            "--max-jobs-per-child",
            type=_at_least_one,
            metavar="N",
            help="a process that has run N jobs makes way for a new one",
        )
        parser.add_argument(
            "--max-memory-per-child",
            type=_at_least_one,
            metavar="MIB",
            help="a process that holds more than this many MiB makes way for a new one",
        )
        parser.add_argument(
            "--liveness-file",
            type=Path,
            metavar="PATH",
            help="a file to touch every second while all processes give signs of life",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        _log_to_stderr(options["verbosity"])
        orders = self._orders(options)
        try:
            self._work(orders, options)
        except DatabaseRefused as error:
            raise CommandError(str(error)) from None

    def _work(self, orders: WorkerOptions, options: dict[str, Any]) -> None:
        if is_child():
            self._run_child(orders, options)
        elif getattr(self, "_called_from_command_line", False):
            self._supervise(orders, options)
        else:
            # From code, such as call_command() in a test: in this very process.
            self._run_here(orders)

    def _supervise(self, orders: WorkerOptions, options: dict[str, Any]) -> None:
        if not (options["more_queues"] or options["queues"]):
            _warn_of_unserved()
        # Seen here, it is said once and ends all; a child that is refused later is started again.
        look_once(router.db_for_write(Job))
        connections.close_all()  # a supervisor needs none
        supervisor = Supervisor(
            processes=options["processes"],
            shutdown_timeout=orders.shutdown_timeout.total_seconds(),
            silence=get_settings().HEARTBEAT_TIMEOUT,
            restarts=not orders.burst and options["max_jobs"] is None,
            liveness_file=options["liveness_file"],
        )
        sys.exit(supervisor.run())

    def _run_child(self, orders: WorkerOptions, options: dict[str, Any]) -> None:
        if options["name"] and options["processes"] > 1:
            orders = replace(orders, name=f"{options['name']}.{child_number()}")
        worker = _worker(orders, supervised=True)
        bond = Bond(memory_limit=options["max_memory_per_child"], overweight=worker.stop)
        bond.hold()
        die_with_any_thread()
        _obey_signals(worker)
        _collect_less_often()
        ended_well = worker.run()
        makes_way = not orders.burst and options["max_jobs"] is None
        sys.stdout.flush()
        sys.stderr.flush()
        # Not sys.exit(): it would wait for threads of jobs that were cut off.
        os._exit(EXIT_AGAIN if ended_well and makes_way else int(not ended_well))

    def _run_here(self, orders: WorkerOptions) -> None:
        worker = _worker(orders, supervised=False)
        with _signals_given_back():
            _obey_signals(worker)
            ended_well = worker.run()
        if not ended_well:
            sys.exit(1)

    def _orders(self, options: dict[str, Any]) -> WorkerOptions:
        settings = get_settings()
        given = (*options["more_queues"], *options["queues"])
        try:
            queues.check_known(given)
        except UnknownQueue as error:
            raise CommandError(str(error)) from None
        timeout = options["shutdown_timeout"]
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


def _worker(orders: WorkerOptions, *, supervised: bool) -> Worker:
    return Worker(
        orders,
        companions=(Clock(burst=orders.burst), LowLevelTasks(orders)),
        end_process=leave if supervised else None,
    )


def _obey_signals(worker: Worker) -> None:
    for number in _STOP_SIGNALS:
        signal.signal(number, lambda *_: worker.stop())


@contextmanager
def _signals_given_back() -> Iterator[None]:
    """Or else Ctrl-C would stop a worker that has ended, and not the caller, such as pytest."""
    before = {number: signal.getsignal(number) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # not of Python's, and out of its reach
                signal.signal(number, handler)


def _collect_less_often() -> None:
    """Spare the garbage collector what is no garbage: the modules, and the jobs in hand.

    By Python's own threshold each of a thousand claimed jobs is walked several times
    before it ends, which takes as long as to make it.
    """
    gc.freeze()
    young, *older = gc.get_threshold()
    gc.set_threshold(max(young, _YOUNG_OBJECTS), *older)


def _warn_of_unserved() -> None:
    unserved = [name for name in queues.known_queues() if name not in queues.DEFAULT_QUEUES]
    if unserved:
        events.tell(events.QueuesUnserved(queues.DEFAULT_QUEUES, unserved))


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _log_to_stderr(verbosity: int) -> None:
    """Show the worker's lines where the project's LOGGING has no handler for them."""
    if verbosity and not logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        root = logging.getLogger("pgjobs")
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        # Procrastinate's pool tells of each of its tries; that the database is away we say once.
        logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())
