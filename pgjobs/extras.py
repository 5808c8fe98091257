"""The optional integrations, and the error if a package of one of them is not installed."""

from __future__ import annotations


def missing(extra: str, error: ImportError) -> ImportError:
    """Return the error to raise in place of ``error``, which an import for ``extra`` raised."""
    return ImportError(
        f"{error}. It belongs to the extra {extra!r}: pip install 'django-pgjobs[{extra}]'."
    )
