"""Which permission each verb needs: pages, the admin and web interfaces ask here."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final


class Verb(StrEnum):
    """An action of a user on jobs, or on the claiming from queues."""

    VIEW = "view"
    ENQUEUE = "enqueue"
    CANCEL = "cancel"
    RETRY = "retry"
    DELETE = "delete"
    PAUSE = "pause"
    RESUME = "resume"


PERMISSIONS: Final[dict[Verb, str]] = {
    Verb.VIEW: "pgjobs.view_job",
    Verb.ENQUEUE: "pgjobs.add_job",
    Verb.CANCEL: "pgjobs.change_job",
    Verb.RETRY: "pgjobs.change_job",
    Verb.DELETE: "pgjobs.delete_job",
    Verb.PAUSE: "pgjobs.manage_queues",
    Verb.RESUME: "pgjobs.manage_queues",
}

BULK: Final[dict[str, Verb]] = {
    "cancel": Verb.CANCEL,
    "retry": Verb.RETRY,
    "delete": Verb.DELETE,
    "prune": Verb.DELETE,
}
"""The permission that a bulk action needs to start, and to be stopped, by its verb."""


def may(user: Any, verb: Verb) -> bool:
    """Return whether ``user`` has the permission that ``verb`` needs.

    A user who may change jobs may view them too, as in Django's admin. `visible_to` says which jobs
    these are.
    """
    if user.has_perm(PERMISSIONS[verb]):
        return True
    return verb is Verb.VIEW and bool(user.has_perm(PERMISSIONS[Verb.CANCEL]))
