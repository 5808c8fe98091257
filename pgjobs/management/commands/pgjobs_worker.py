"""``manage.py pgjobs_worker``"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pgjobs import queues
from pgjobs.clock import Clock
from pgjobs.conf import get_settings
from pgjobs.exceptions import UnknownQueue
from pgjobs.low_level import LowLevelTasks
from pgjobs.worker import Worker, WorkerOptions

logger = logging.getLogger("pgjobs.worker")


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
            "--concurrency",
            "-c",
            type=_at_least_one,
            metavar="N",
            help='slots: jobs that run at the same time (default: PGJOBS["CONCURRENCY"])',
        )
        parser.add_argument(
            "--burst", action="store_true", help="stop when nothing is due, and exit 0"
        )
        parser.add_argument("--max-jobs", type=_at_least_one, metavar="N", help="stop after N jobs")
        parser.add_argument("--name", help="how this worker is shown (default: host.pid)")
        parser.add_argument(
            "--shutdown-timeout",
            type=float,
            metavar="S",
            help='seconds that running jobs get to end (default: PGJOBS["SHUTDOWN_TIMEOUT"])',
        )

    def handle(self, *args: Any, **options: Any) -> None:
        _log_to_stderr(options["verbosity"])
        orders = self._orders(options)
        worker = Worker(orders, companions=(Clock(burst=orders.burst), LowLevelTasks(orders)))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        if not worker.run():
            sys.exit(1)

    def _orders(self, options: dict[str, Any]) -> WorkerOptions:
        settings = get_settings()
        given = (*options["more_queues"], *options["queues"])
        try:
            queues.check_known(given)
        except UnknownQueue as error:
            raise CommandError(str(error)) from None
        if not given:
            _warn_of_unserved()
        timeout = options["shutdown_timeout"]
        return WorkerOptions(
            queues=tuple(dict.fromkeys(given)) or queues.DEFAULT_QUEUES,
            name=options["name"] or f"{socket.gethostname()}.{os.getpid()}",
            concurrency=options["concurrency"] or settings.CONCURRENCY,
            shutdown_timeout=timedelta(
                seconds=settings.SHUTDOWN_TIMEOUT if timeout is None else timeout
            ),
            burst=options["burst"],
            max_jobs=options["max_jobs"],
        )


def _warn_of_unserved() -> None:
    unserved = [name for name in queues.known_queues() if name not in queues.DEFAULT_QUEUES]
    if unserved:
        logger.warning(
            "This worker serves %s only. Name these queues for a worker to serve them: %s",
            ", ".join(queues.DEFAULT_QUEUES),
            " ".join(unserved),
        )


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _log_to_stderr(verbosity: int) -> None:
    """Show the worker's lines where the project's LOGGING has no handler for them."""
    if verbosity and not logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        root = logging.getLogger("pgjobs")
        root.addHandler(handler)
        root.setLevel(logging.INFO)
