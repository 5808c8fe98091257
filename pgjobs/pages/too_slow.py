"""What a page says if PostgreSQL was not given the time to answer it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from pgjobs.stats import TooSlow


def too_slow(error: TooSlow, remedy: str = "") -> str:
    """Return how long the page has waited, and what to do."""
    said = _("PostgreSQL found no answer within %s s.") % f"{error.seconds:g}"
    return f"{said} {remedy}".rstrip()
