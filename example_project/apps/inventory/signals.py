"""Signals for plugins. Each is sent inside the transaction that makes the change."""

from __future__ import annotations

from django.dispatch import Signal

files_changed = Signal()
"""Tells that `files` of `source` are new or have new content."""

source_synced = Signal()
"""Tells that the rows of `source` are equal to its directory."""
