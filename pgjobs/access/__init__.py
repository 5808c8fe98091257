"""Permissions, the jobs that a user may see, and hidden values.

Each surface for people asks here, so no surface decides for itself.
"""

from pgjobs.access.actions import redacted_action
from pgjobs.access.arguments import classes_that_hide, typed, with_arguments
from pgjobs.access.launching import launchable
from pgjobs.access.permissions import BULK, PERMISSIONS, Verb, may
from pgjobs.access.reasons import without_other_jobs
from pgjobs.access.redaction import MASK, redacted, redacted_arguments, redacted_column
from pgjobs.access.visibility import is_whole, sees_all, visible_to

__all__ = [
    "BULK",
    "MASK",
    "PERMISSIONS",
    "Verb",
    "classes_that_hide",
    "is_whole",
    "launchable",
    "may",
    "redacted",
    "redacted_action",
    "redacted_arguments",
    "redacted_column",
    "sees_all",
    "typed",
    "visible_to",
    "with_arguments",
    "without_other_jobs",
]
