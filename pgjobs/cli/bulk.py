"""Starting a bulk action from a command, and showing how far it has come."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError

from pgjobs.cli.output import Output
from pgjobs.cli.verb import DONE, NOTHING, Verb
from pgjobs.conf import get_settings
from pgjobs.models import JournalEntry
from pgjobs.steering import bulk, carrying
from pgjobs.steering.actor import Actor
from pgjobs.steering.selection import Selection


def add_places(parser: ArgumentParser) -> None:
    """Declare the options that say which process changes the jobs."""
    places = parser.add_mutually_exclusive_group()
    places.add_argument(
        "--here",
        action="store_true",
        help="do it in this command, even if no worker lives that would go on if the command ends",
    )
    places.add_argument(
        "--detach", action="store_true", help="leave it to the workers, and write its id"
    )


def run_bulk(
    verb: Verb, selection: Selection, options: dict[str, Any], *, done: str, nothing: int = NOTHING
) -> int:
    """Count, ask, and change the jobs of ``selection``; return the exit code.

    It is ``nothing`` if no job matches.
    """
    matched = bulk.changeable(verb.name, selection, options).count()
    if not matched:
        _write_nothing(verb.output, done)
        return nothing
    if not verb.is_wanted(matched, done):
        return NOTHING
    is_left = verb.options["detach"]
    _check_workers(matched, here=verb.options["here"], is_left=is_left)
    carrier = "" if is_left else bulk.this_process()
    by = Actor.command()
    entry = bulk.enter(verb.name, selection, by=by, options=options, carrier=carrier)
    return _leave(verb.output, entry) if is_left else finish(verb.output, entry, done)


def _leave(output: Output, entry: JournalEntry) -> int:
    """Write the id of an action for the workers, and say so if none has taken it in time."""
    if not output.as_json:
        output.line(str(entry.pk))
    # A worker looks for actions after each heartbeat, and a heartbeat may come late.
    patience = 2 * get_settings().HEARTBEAT_INTERVAL + 4
    is_taken = bulk.is_taken(entry, within=patience)
    if output.as_json:
        output.record({"action": entry.pk, "matched": entry.counted, "taken": is_taken})
    if not is_taken:
        output.progress(
            f"No worker has taken the action within {patience:g} s: each carries another one out, "
            "or runs an older release, which knows no bulk actions. It waits for a worker; "
            f"pgjobs journal --here {entry.pk} carries it out."
        )
    return DONE


def _write_nothing(output: Output, done: str) -> None:
    if output.as_json:
        output.record({"action": None, "matched": 0, "changed": 0, "refused": 0, "state": "done"})
    else:
        output.line(f"0 of 0 jobs {done}.")


def finish(output: Output, entry: JournalEntry, done: str) -> int:
    """Carry the action of ``entry`` out, show its progress, and return the exit code."""
    is_long = (entry.counted or 0) > carrying.BATCH
    if is_long:
        output.progress(
            f"This is action {entry.pk}. If this command ends, a worker goes on, unless it runs an "
            f"older release; so does pgjobs journal --here {entry.pk}."
        )
    entry = carrying.carry_to_the_end(
        entry, bulk.this_process(), on_batch=_shower(output) if is_long else lambda entry: True
    )
    counts = {"action": entry.pk, "matched": entry.counted, "changed": entry.done}
    if output.as_json:
        output.record({**counts, "refused": entry.refused, "state": entry.state})
    else:
        output.line(f"{entry.done} of {entry.counted} jobs {done}.")
    if entry.error or entry.state != JournalEntry.State.DONE:
        refused = f", {entry.refused} refused" if entry.refused else ""
        raise CommandError(f"Action {entry.pk} is {entry.state}{refused}. {entry.error}".rstrip())
    return DONE if entry.counted and entry.done == entry.counted else NOTHING


def _shower(output: Output) -> Callable[[JournalEntry], bool]:
    shown = -1

    def show(entry: JournalEntry) -> bool:
        nonlocal shown
        if entry.done != shown:
            output.progress(f"{entry.done} of {entry.counted}")
        shown = entry.done
        return True

    return show


def _check_workers(matched: int, *, here: bool, is_left: bool) -> None:
    """Raise CommandError if a worker is needed and none lives. One batch needs none."""
    if here or not (is_left or matched > carrying.BATCH) or bulk.a_worker_lives():
        return
    if is_left:
        raise CommandError("No worker lives that could do it. Start one, or give --here.")
    raise CommandError(
        "No worker lives that would go on if this command ends. Start one, or give --here."
    )
