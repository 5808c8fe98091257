"""The fingerprint of a failed job: its exception, and the place in the code of the project.

The statistics count failures by job class and fingerprint, see ``sql/views/failure_kinds.sql``.
"""

from __future__ import annotations

from typing import Final

from django.db.models import F, Q, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Coalesce, Left
from django.db.models.lookups import Exact

LONGEST: Final = 200
"""The statistics cut both texts after so many characters."""


def _of_last_attempt(key: str) -> Left:
    text = KeyTextTransform(key, KeyTransform("-1", F("errors")))
    return Left(Coalesce(text, Value("")), LONGEST)


EXCEPTION: Final = _of_last_attempt("exception")
FRAME: Final = _of_last_attempt("frame")


def failed_by(exception: str, frame: str | None = None) -> Q:
    """Return the condition for jobs whose last failed attempt has this exception, in this frame.

    Without ``frame`` each frame will do.
    """
    by_exception = Q(Exact(EXCEPTION, Value(exception)))
    return by_exception if frame is None else by_exception & Q(Exact(FRAME, Value(frame)))
