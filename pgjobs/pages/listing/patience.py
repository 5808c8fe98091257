"""How long a query of the list may take."""

from __future__ import annotations

from typing import Final

PATIENCE: Final = 3000
"""Milliseconds that one statement may take."""
