"""The options of ``manage.py pgjobs_worker`` and their bounds."""

from __future__ import annotations

import os
import socket
import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandError

from pgjobs import queues
from pgjobs.choices import JobIsolation
from pgjobs.conf import LONGEST, MOST_SLOTS, get_settings
from pgjobs.exceptions import UnknownQueue
from pgjobs.models import WorkerProcess
from pgjobs.showing import brief
from pgjobs.worker.options import WorkerOptions

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
_OF_THE_SUPERVISOR: Final = {
    "processes": 1,
    "max_jobs_per_child": None,
    "max_memory_per_child": None,
    "preload": False,
    "reload": False,
    "liveness_file": None,
}
"""The options that only a supervisor can follow, and what they are if they are not given."""
_LONGEST_NAME: Final = WorkerProcess._meta.get_field("name").max_length or 0


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the command to ``parser``."""
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
        "--isolation",
        choices=JobIsolation.values,
        help="where jobs run whose class sets no Meta.isolation: in a thread, in a process that "
        'runs one job after the other, or each in a fresh process (default: PGJOBS["ISOLATION"])',
    )
    parser.add_argument("--burst", action="store_true", help="stop when nothing is due, and exit 0")
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
        "--preload",
        action="store_true",
        help="load the project once and fork the processes from it: each has a third of the memory "
        "for itself, and starts at once",
    )
    parser.add_argument(
        "--reload",
        action="store_true",
        help="for development: replace the processes when a source file has changed",
    )
    parser.add_argument(
        "--liveness-file",
        type=Path,
        metavar="PATH",
        help="a file that is touched each second while all processes give signs of life",
    )


def read_worker_options(options: dict[str, Any]) -> WorkerOptions:
    """Check the options of the command, and return those of one worker process.

    Raises CommandError for an option that no worker can have.
    """
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
        isolation=_isolation(options["isolation"]),
        max_jobs=options["max_jobs"] or options["max_jobs_per_child"],
    )


def refuse_preload_elsewhere(options: dict[str, Any]) -> None:
    """Raise CommandError for ``--preload`` on a system on which no process can adopt another."""
    if options["preload"] and sys.platform != "linux":
        raise CommandError(
            "--preload needs Linux. Leave it out: the processes then load the project each."
        )


def refuse_options_of_supervisor(options: dict[str, Any]) -> None:
    """Raise CommandError for an option without effect on a worker that has no supervisor."""
    for option, usual in _OF_THE_SUPERVISOR.items():
        if options[option] != usual:
            raise CommandError(
                f"--{option.replace('_', '-')} needs a supervisor, and a worker that runs in the "
                "process of its caller, as by call_command(), has none. Leave the option out, or "
                "start manage.py pgjobs_worker as a process."
            )


def _check_whole_number(option: str, given: Any, *, most: int) -> None:
    is_left_out = given is None and option != "processes"
    if not is_left_out and not (type(given) is int and 1 <= given <= most):
        raise CommandError(
            f"--{option.replace('_', '-')} must be a whole number from 1 to {most:,}, "
            f"not {brief(given)}."
        )


def _isolation(given: Any) -> str:
    if given is not None and given not in JobIsolation.values:
        raise CommandError(
            f"--isolation must be one of {', '.join(JobIsolation.values)}, not {brief(given)}."
        )
    return given or get_settings().ISOLATION


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


def check_liveness_file(path: Path | None) -> None:
    """Raise CommandError if no file at ``path`` can be touched."""
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


def _at_least_one(text: str, most: int = _MOST) -> int:
    # Python reads no number of 4,301 digits.
    if not text.isdecimal() or len(text) > 20 or not 1 <= int(text) <= most:
        raise ArgumentTypeError(
            f"{brief(text)} is not a whole number of at least 1 and at most {most:,}"
        )
    return int(text)
