"""The verbs that order workers to drain or to restart, on any machine."""

from __future__ import annotations

from abc import abstractmethod
from argparse import ArgumentParser
from datetime import timedelta
from typing import ClassVar

from pgjobs.cli.selection import read
from pgjobs.cli.verb import DONE, NOTHING, Verb, refuse
from pgjobs.conf import get_settings
from pgjobs.showing import in_words
from pgjobs.steering import texts, workers
from pgjobs.steering.actor import Actor
from pgjobs.steering.workers import Ordered


class OrderingVerb(Verb):
    """Gives an order to workers, and waits until each has taken it."""

    taken: ClassVar[str]
    """Follows the number of a worker that has taken the order."""

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument(
            "workers",
            nargs="*",
            metavar="WORKER",
            help="the id or the name of a worker; the name of a supervisor means all its processes",
        )
        parser.add_argument("--all", action="store_true", help="all workers that live")
        parser.add_argument("--queue", metavar="QUEUE", help="the living workers of this queue")
        parser.add_argument(
            "--wait",
            metavar="SPAN",
            help="how long to wait for the workers to take the order, such as 30s; 0s: not at all",
        )

    @abstractmethod
    def give(self, ids: list[int]) -> list[Ordered]:
        """Give the order to the workers with these ids."""

    def run(self) -> int:
        wait = self._wait()
        ordered = self.give(self._ids())
        given = [each.id for each in ordered if each.was_given]
        deaf = workers.until_taken(given, timeout=wait.total_seconds()) if wait else []
        if self.output.as_json:
            rows = [
                {"worker": each.id, "name": each.name, "ordered": each.was_given}
                | {"taken": each.was_given and each.id not in deaf if wait else None}
                for each in ordered
            ]
            self.output.rows(rows)
        else:
            for each in ordered:
                self.output.line(self._result(each, deaf, wait))
        return DONE if ordered and len(given) == len(ordered) and not deaf else NOTHING

    def _wait(self) -> timedelta:
        if self.options["wait"] is not None:
            return read(texts.span, "wait", self.options["wait"])
        # A beat may have just gone, and the next one may come late.
        return timedelta(seconds=2 * get_settings().HEARTBEAT_INTERVAL + 4)

    def _ids(self) -> list[int]:
        names, queue = self.options["workers"], self.options["queue"]
        if bool(names) + self.options["all"] + (queue is not None) != 1:
            raise refuse("Name workers, or give --queue, or --all.")
        if not names:
            return workers.living(queue=queue)
        found = {name: workers.named(name) for name in names}
        if unknown := [name for name in names if not found[name]]:
            raise refuse(f"No worker has the id or the name {', '.join(unknown)}.")
        return sorted({each for ids in found.values() for each in ids})

    def _result(self, worker: Ordered, deaf: list[int], wait: timedelta) -> str:
        who = f"worker {worker.id} ({worker.name})"
        if not worker.was_given:
            return f"{who} {'has stopped' if worker.state == 'stopped' else 'is dead'}"
        if worker.id in deaf:
            return (
                f"{who} has not taken the order within {in_words(wait)}; "
                "it may be frozen, or run an older release"
            )
        return f"{who} {self.taken if wait else 'has the order'}"


class Drain(OrderingVerb):
    name = "drain"
    summary = (
        "Lets workers end when their running jobs have ended, on any machine; no new processes "
        "take their places. Exits with 1 if one does not take the order."
    )
    taken = "drains"

    def give(self, ids: list[int]) -> list[Ordered]:
        return workers.drain(ids, by=Actor.command())


class Restart(OrderingVerb):
    name = "restart"
    summary = (
        "Replaces worker processes by new ones with the code as it is on disk, when their running "
        "jobs have ended. Exits with 1 if one does not take the order."
    )
    taken = "restarts"

    def give(self, ids: list[int]) -> list[Ordered]:
        return workers.restart(ids, by=Actor.command())
