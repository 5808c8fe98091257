"""The changes that a code base needs to run its jobs with pgjobs.

Nothing of the code base is imported or run: its files are read. `sources` finds them, `module` and
`project` know what their names stand for, `reading` and `lines` look for what the tables of a
system name, and each old system has a file with its tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pgjobs.porting import celery, django_q, django_tasks, netbox, rq
from pgjobs.porting.finding import Finding, Level, PassedOver
from pgjobs.porting.lines import read_lines
from pgjobs.porting.project import Project
from pgjobs.porting.reading import read_module
from pgjobs.porting.sources import Source, read_tree
from pgjobs.porting.system import System

__all__ = ["SYSTEMS", "Finding", "Level", "PassedOver", "Port", "port"]

SYSTEMS: Final[dict[str, System]] = {
    each.name: each
    for each in (netbox.SYSTEM, rq.SYSTEM, celery.SYSTEM, django_q.SYSTEM, django_tasks.SYSTEM)
}
"""By name, in the order in which they may claim a line: a NetBox plugin imports RQ, too."""

Progress = Callable[[int], None]
"""Gets the number of files that were read."""


@dataclass(slots=True)
class Port:
    """The findings in a code base."""

    findings: list[Finding] = field(default_factory=list)
    """By path and line."""
    passed_over: list[PassedOver] = field(default_factory=list)
    files: int = 0
    """How many files were read."""


def port(root: Path, systems: list[str], progress: Progress = lambda _: None) -> Port:
    """Read all files at and below ``root``, and return the changes for the named systems.

    Raises OSError if ``root`` can't be read.
    """
    found, sources = Port(), []
    for each in read_tree(root):
        if isinstance(each, PassedOver):
            found.passed_over.append(each)
        else:
            sources.append(each)
    found.files = len(sources)
    project = Project(sources)
    wanted = [SYSTEMS[name] for name in systems if SYSTEMS[name].is_used(project)]
    # A line may lead to another file: a function that is enqueued by its name needs a decorator.
    findings: set[Finding] = set()
    for number, source in enumerate(sources, start=1):
        findings.update(_read(wanted, source, project))
        progress(number)
    found.findings = sorted(findings)
    found.passed_over = sorted(
        [*found.passed_over, *project.passed_over], key=lambda each: each.path
    )
    return found


def _read(systems: list[System], source: Source, project: Project) -> Iterator[Finding]:
    if not source.is_python:
        try:
            yield from read_lines(systems, source)
        except (ValueError, RecursionError) as error:
            project.passed_over.append(PassedOver(source.path, f"no TOML: {error}"))
        return
    named = [system for system in systems if re.search(system.words, source.text)]
    module = project.module(source) if named else None
    taken: set[tuple[int, int]] = set()
    for system in named if module is not None else []:
        assert module is not None
        here = list(read_module(system, module, project))
        yield from (each for each in here if (each.line, each.column) not in taken)
        taken |= {(each.line, each.column) for each in here if each.path == source.path}
