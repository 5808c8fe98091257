"""The fixtures of the tests of the admin and of the command line."""

from __future__ import annotations

from tests.admin.conftest import looking
from tests.cli.conftest import pgjobs

__all__ = ["looking", "pgjobs"]
