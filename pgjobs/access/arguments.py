"""Finding jobs by an argument, without letting a hidden argument be guessed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from pgjobs import codec
from pgjobs.access.redaction import redacted_arguments
from pgjobs.exceptions import InvalidArgument
from pgjobs.registry.names import registered


def typed(name: str, value: str) -> Any:
    """Return the JSON that ``value`` is, or ``value`` itself if it is no JSON.

    Raises InvalidArgument for a text or a number that no argument can be.
    """
    try:
        parsed = json.loads(value, parse_constant=_no_json)
    except (ValueError, RecursionError):
        parsed = value
    return codec.encode(parsed, name)


def classes_that_hide(arguments: dict[str, Any]) -> list[str]:
    """Return the paths of the registered classes that hide one of the arguments."""
    return [path for path in registered() if redacted_arguments(path, arguments) != arguments]


def with_arguments(arguments: dict[str, Any], classes: Iterable[str] | None = None) -> Q:
    """Return the condition for jobs of ``classes``, by default all, that have these arguments.

    Jobs of a class that hides an argument are left out, because a search would tell its value.
    Raises InvalidArgument if each class hides an argument.
    """
    known = registered()
    of = known if classes is None else [path for path in classes if path in known]
    hiding = classes_that_hide(arguments)
    shown = [path for path in of if path not in hiding]
    if not shown:
        raise InvalidArgument(
            f"Jobs can't be found by {', '.join(arguments)}: a value is redacted, and a search "
            "would tell it."
        )
    # The last part is that of the index in docs/sql.md.
    return Q(kwargs__contains=arguments, job_class__in=shown) & ~Q(kwargs={})


def _no_json(constant: str) -> Any:
    """Refuse NaN and Infinity, which Python reads and PostgreSQL does not."""
    raise ValueError(constant)
