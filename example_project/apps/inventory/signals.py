"""What plugins may listen to. Sent inside the transaction that makes it true."""

from __future__ import annotations

from django.dispatch import Signal

files_changed = Signal()
"""`files` of `source` are new or have new content."""

source_synced = Signal()
"""All files of `source` are known."""
