"""Looks at the project: the findings of ``manage.py check`` about pgjobs."""

from __future__ import annotations

from collections.abc import Iterator

from django.core import checks

from pgjobs.doctor.finding import Finding, Severity


def failed_checks(using: str) -> Iterator[Finding]:
    """Find the errors and warnings of the system checks of pgjobs."""
    for message in checks.run_checks(databases=[using]):
        if str(message.id).startswith("pgjobs.") and not message.is_silenced():
            yield Finding(
                Severity.CRITICAL if message.level >= checks.ERROR else Severity.WARNING,
                f"check {message.id}",
                message.msg,
                message.hint or "See docs/settings.md.",
            )
