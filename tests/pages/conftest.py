"""What the tests of several pages need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.signals import pre_delete


@pytest.fixture
def _watched() -> Iterator[None]:
    """A project that wants to know of each deleted job, so that Django deletes them."""

    def note(**_: Any) -> None:
        return

    pre_delete.connect(note, sender="pgjobs.Job")
    yield
    pre_delete.disconnect(note, sender="pgjobs.Job")
