"""Which job classes code outside the project may enqueue."""

from __future__ import annotations

from pgjobs.registry.names import JobTarget, registered
from pgjobs.registry.targets import options_of


def launchable() -> dict[str, JobTarget]:
    """Return the job classes and functions with ``launchable``, by dotted path.

    The user needs the permission to enqueue besides: ``may(user, Verb.ENQUEUE)``.
    """
    return {path: target for path, target in registered().items() if options_of(target).launchable}
