"""The fixtures of the verbs."""

from tests.cli.conftest import pgjobs as pgjobs  # a fixture
