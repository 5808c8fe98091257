"""The commands beside the pages, and the browsers of several users."""

from tests.cli.conftest import pgjobs

__all__ = ["pgjobs"]
