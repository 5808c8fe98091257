"""The page of one job: what happened, why, and what next."""

from __future__ import annotations

from typing import Any, Final

from django.apps import apps
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from pgjobs import stats
from pgjobs.access import Verb, launchable, may, redacted_column, without_other_jobs
from pgjobs.choices import JobStatus
from pgjobs.pages.address import Address
from pgjobs.pages.job import actions, log, rerun
from pgjobs.pages.job.attempts import attempts_of, share_lines
from pgjobs.pages.job.chain import actions_on, chain_of
from pgjobs.pages.job.comparison import comparison_of
from pgjobs.pages.job.finding import found, page_of
from pgjobs.pages.job.references import references_of
from pgjobs.pages.job.timeline import in_words, timeline_of
from pgjobs.pages.job.values import Linker, Value, pretty, value_of
from pgjobs.pages.page import has, page, show
from pgjobs.pages.progress import message_of
from pgjobs.registry.names import registered_as

_EVERY: Final = {JobStatus.RUNNING: 2, JobStatus.PENDING: 2, JobStatus.SCHEDULED: 5}
"""Seconds after which a page is fetched again. A job that has ended changes by an action only."""
_AFTER_THE_END: Final = 20
_LONGEST_META: Final = 2000
_VALUES: Final = ("args", "kwargs", "result", "data", "progress")
_BLOCKING: Final = ("paused", "no worker", "unknown class", "locked")
"""Reasons to wait that do not pass by themselves."""


@page(Verb.VIEW)
def job(request: HttpRequest, pk: int) -> HttpResponse:
    one: Any = found(request, pk)
    attempts = attempts_of(one)
    written = log.log_of(request, one, attempts)
    if len(attempts) > 1 and written.wanted.is_empty:
        share_lines(attempts, written.lines)
    chain = chain_of(request, one)
    reasons = [] if one.is_finished else without_other_jobs(stats.why(pk, one._state.db))
    context = {
        "job": one,
        "figures": stats.figures([pk], one._state.db).get(pk),
        "reasons": reasons,
        "is_blocked": any(each.reason in _BLOCKING for each in reasons),
        "steps": timeline_of(one, attempts),
        "attempts": attempts[::-1],
        "log": written,
        "values": values_of(request, one),
        "chain": chain,
        "comparison": comparison_of(one, chain.previous_run),
        "journal": actions_on(one) if has(request.user, "pgjobs.view_journalentry") else [],
        "progress_message": message_of(one),
        "limit": in_words(one.time_limit),
        "allowed": _allowed(request, one),
        "meta": pretty(redacted_column(one, "meta"))[:_LONGEST_META],
        **references_of(request, one),
    }
    every = _EVERY.get(one.status, _AFTER_THE_END)
    return show(request, "job.html", context, title=one.name, tab="jobs", every=every)


def _allowed(request: HttpRequest, one: Any) -> dict[str, bool]:
    user = request.user
    is_known = registered_as(one.job_class) is not None
    return {
        "cancel": not one.is_finished and may(user, Verb.CANCEL),
        "retry": one.is_finished and may(user, Verb.RETRY),
        "delete": one.is_finished and may(user, Verb.DELETE),
        "rerun": is_known and may(user, Verb.ENQUEUE),
        "edit": one.job_class in launchable(),
    }


def values_of(request: HttpRequest, one: Any) -> list[Value]:
    """Return the values that the job was given and that it has left, without hidden ones."""
    shown_of = {name: redacted_column(one, name) for name in _VALUES}
    arguments: Any = shown_of["kwargs"]
    if one.args:
        arguments = {"args": shown_of["args"], "kwargs": arguments}
    parts = (
        ("arguments", _("Arguments"), arguments, arguments not in ({}, None)),
        ("result", _("Result"), shown_of["result"], shown_of["result"] is not None),
        ("data", _("Data"), shown_of["data"], shown_of["data"] is not None),
        ("progress", _("Progress"), shown_of["progress"], shown_of["progress"] is not None),
    )
    link = _linker(request)
    return [value_of(key, title, value, link) for key, title, value, is_there in parts if is_there]


def _linker(request: HttpRequest) -> Linker:
    def link(label: str, key: Any) -> str | None:
        model: type[models.Model] = apps.get_model(label)
        try:
            return page_of(request, model(pk=key))
        except Exception:  # the key does not fit the model, or its __init__ is the project's own
            return None

    return link


ADDRESSES: Final = [
    Address("<int:pk>/change/", job, "job", alone="jobs/<int:pk>/"),
    Address("<int:pk>/log.txt", log.download, "job-log", alone="jobs/<int:pk>/log.txt"),
    *actions.ADDRESSES,
    *rerun.ADDRESSES,
]
