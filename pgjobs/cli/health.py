"""The verb for probes: whether jobs of some queues are run at present."""

from __future__ import annotations

from argparse import ArgumentParser

from pgjobs.cli.selection import read
from pgjobs.cli.verb import DONE, NOTHING, Verb
from pgjobs.doctor import faults
from pgjobs.steering import texts


class Health(Verb):
    name = "health"
    summary = (
        "Exits with 0 if the jobs can be read, a living worker serves each queue that has jobs, "
        "and no system job is late; with 1 otherwise, and says why. Paused queues may wait."
    )

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--queue",
            action="append",
            default=[],
            metavar="QUEUE",
            help="this queue must have a living worker, even if it is empty; can be repeated",
        )
        parser.add_argument(
            "--max-wait",
            metavar="SPAN",
            help="no due job may have waited for longer, such as 90s or 15m",
        )

    def run(self) -> int:
        text = self.options["max_wait"]
        wait = None if text is None else read(texts.span, "max-wait", text)
        found = faults(self.options["queue"], wait)
        if self.output.as_json:
            self.output.record({"healthy": not found, "faults": found})
        else:
            for fault in found or ["healthy"]:
                self.output.line(fault)
        return NOTHING if found else DONE
