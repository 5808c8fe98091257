"""The filters of jobs as options of a command."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, TypeVar

from pgjobs.access import classes_that_hide
from pgjobs.choices import JobStatus
from pgjobs.cli.verb import refuse
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.steering.known import unknown_classes, unknown_queue
from pgjobs.steering.selection import Selection, all_jobs

T = TypeVar("T")


def add_filters(parser: ArgumentParser) -> None:
    """Declare the filters. Given several, a job has to pass all of them."""
    filters = parser.add_argument_group("filters")
    filters.add_argument("ids", nargs="*", type=int, metavar="ID", help="the id of a job")
    filters.add_argument(
        "--status",
        action="append",
        choices=JobStatus.values,
        default=[],
        metavar="STATUS",
        help=f"{', '.join(JobStatus.values)}; the option can be repeated",
    )
    filters.add_argument("--queue", metavar="QUEUE", help="jobs of this queue")
    filters.add_argument(
        "--class",
        dest="job_class",
        metavar="PATH",
        help="jobs of this class; the end of its dotted path is enough",
    )
    filters.add_argument("--object", metavar="APP.MODEL:KEY", help="jobs about this object")
    filters.add_argument("--user", metavar="NAME", help="jobs of the user with this name or key")
    filters.add_argument("--worker", type=int, metavar="ID", help="jobs that this worker took last")
    filters.add_argument(
        "--since",
        metavar="SPAN",
        help="jobs created in this time, such as 90s, 15m, 2h, 3d or 1w, or since this moment",
    )
    filters.add_argument("--before", metavar="SPAN", help="jobs created before this moment")
    filters.add_argument("--ended", metavar="SPAN", help="jobs that ended in this time")
    filters.add_argument(
        "--ended-before", metavar="SPAN", help="jobs that ended before this moment"
    )
    filters.add_argument(
        "--attempt", metavar="NUMBER", help="jobs with so many attempts, such as 2, '>1' or '<=3'"
    )
    filters.add_argument("--name", metavar="TEXT", help="jobs whose name begins so, in either case")
    filters.add_argument(
        "--arg",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="jobs with this argument; the option can be repeated",
    )
    filters.add_argument(
        "--error", metavar="TEXT", help="jobs whose error holds this text, in either case"
    )
    filters.add_argument(
        "--failure",
        metavar="EXCEPTION[@FRAME]",
        help="jobs whose last failed attempt raised this exception, in this frame",
    )
    filters.add_argument(
        "--text",
        action="append",
        default=[],
        metavar="TEXT",
        help="jobs with this text in their name, class or error; the option can be repeated",
    )


def selection(options: dict[str, Any]) -> Selection:
    """Return the filters that are given. Raises CommandError for a wrong value."""
    return read(Selection.of_texts, options)


def selected(jobs: JobQuerySet[Job], options: dict[str, Any]) -> JobQuerySet[Job]:
    """Return the ``jobs`` that pass the given filters, or all of them without a filter."""
    wanted = selection(options)
    return (jobs if wanted.is_empty else wanted.jobs(jobs)).order_by("-pk")


def unmatched(options: dict[str, Any]) -> str:
    """Return sentences about mistakes in filters that no job passes."""
    sentences = ["No job matches."]
    wanted = selection(options)
    if wanted.queue and (unknown := unknown_queue(wanted.queue, all_jobs())):
        sentences.append(f"--queue: {unknown}")
    if wanted.job_class and (unknown := unknown_classes(wanted.job_class, all_jobs())):
        sentences.append(f"--class: {unknown}")
    if hiding := classes_that_hide(dict(wanted.arg)):
        sentences.append(f"--arg leaves out classes that hide the argument: {', '.join(hiding)}.")
    return " ".join(sentences)


def read(reader: Callable[..., T], *given: Any, **named: Any) -> T:
    """Return the value that ``reader`` makes of an option. Raises CommandError for a wrong value.

    The message of a reader begins with the name of the option.
    """
    try:
        return reader(*given, **named)
    except InvalidArgument as error:
        raise refuse(f"--{error}") from None
