"""`manage.py demo`"""

from __future__ import annotations

import shlex
import signal
import sys
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import django
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from example_project.demo import questions
from example_project.demo.children import Child, started
from example_project.demo.database import database, shown
from example_project.demo.questions import ask, ask_one
from example_project.demo.screen import Screen, harmless
from example_project.demo.serving import free_port, serve
from example_project.demo.summary import Summary
from inventory.jobs import SyncDataSource
from inventory.models import DataSource
from pgjobs.queues import known_queues

LOOK_PAUSE: Final = 0.1
INTERRUPTED: Final = 130


class Command(BaseCommand):
    help = (
        "Takes a directory into the inventory with background jobs, and shows their outcomes. "
        "Starts its own PostgreSQL, unless DATABASE_URL names a server."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--path",
            type=Path,
            default=Path(django.__path__[0]),
            help="directory to take into the inventory (default: Django's own source)",
        )
        parser.add_argument(
            "--serve", action="store_true", help="keep the admin and a worker running afterwards"
        )
        parser.add_argument(
            "--port",
            type=int,
            default=8000,
            help="port of the admin (default: 8000); 0 takes a free port",
        )

    def handle(self, *args: Any, path: Path, port: int, **options: Any) -> None:
        if not path.is_dir():
            raise CommandError(f"{path} is not a directory.")
        if options["serve"]:
            port = free_port(port)
        take_ctrl_c()
        try:
            errored = show(path.resolve(), port if options["serve"] else None, Screen())
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted. The unfinished jobs are still in their queues: run the demo again.",
                returncode=INTERRUPTED,
            ) from None
        if errored:
            first = errored[0]
            raise CommandError(
                f"{len(errored)} of the jobs errored, first #{first.id} "
                + harmless(f"{first.name}: {first.error}")
            )


def show(path: Path, port: int | None, screen: Screen) -> list[Any]:
    """Run the whole demo; return the jobs that errored."""
    screen.title("pgjobs", "background jobs for Django on PostgreSQL alone")
    with database(screen) as data:
        errored = take_in(path, screen)
        if port is None:
            show_what_next(data, screen)
        else:
            serve_until_ctrl_c(port, screen)
    return errored


def take_in(path: Path, screen: Screen) -> list[Any]:
    """Migrate, enqueue, work and show the summary; return the jobs that errored."""
    with screen.step("Migrating") as step:
        call_command("migrate", verbosity=0, interactive=False)
        step.done = "Migrated"
    since = ask_one(questions.NOW).now
    with screen.step("Enqueueing") as step:
        source, _ = DataSource.objects.get_or_create(path=str(path), defaults={"name": path.name})
        job = SyncDataSource.enqueue_once(source)
        step.done = f"Enqueued job #{job.pk}: {job.name} {path}"
    work(since, screen)
    summary = Summary(source=source, since=since)
    summary.show(screen)
    return summary.errored()


def work(since: datetime, screen: Screen) -> None:
    queues = known_queues()
    worker = Child("worker", "pgjobs_worker", "--burst", "--shutdown-timeout", "5", *queues)
    with started(worker):
        screen.done(f"Started worker {worker.pid} for the queues {', '.join(queues)}")
        with screen.bars() as bars:
            while worker.runs_on(LOOK_PAUSE):
                bars.show(ask(questions.LANES, since=since))
            bars.show(ask(questions.LANES, since=since))
    worker.check_success()


def serve_until_ctrl_c(port: int, screen: Screen) -> None:
    try:
        serve(screen, port)
    except KeyboardInterrupt:
        screen.done("Stopped")


def show_what_next(data: Path | None, screen: Screen) -> None:
    serve = f"{shown(Path(sys.executable))} {sys.argv[0]} demo --serve"
    commands = {serve: "run the admin and a worker until Ctrl-C"}
    if data is not None:
        commands[f"rm -r {shlex.quote(shown(data))}"] = "delete the demo's data"
    screen.heading("Next")
    screen.commands(commands)


def take_ctrl_c() -> None:
    """Raise KeyboardInterrupt on SIGTERM and on Ctrl-C, even if the parent process ignores them."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
