"""The text of an exception is cut in the log of the process, as it is in the row."""

from __future__ import annotations

import io
import logging

import pytest

from pgjobs import BackgroundJob
from pgjobs.conf import get_settings
from tests.support.running import ran

pytestmark = pytest.mark.django_db


class SaysMuch(BackgroundJob):
    def run(self, size: int) -> None:
        raise ValueError("x" * size)


@pytest.mark.parametrize(("factor", "is_cut"), [(0.5, False), (20, True)])
def test_the_log_of_the_process_has_at_most_the_text_that_the_row_keeps(
    factor: float, is_cut: bool, caplog: pytest.LogCaptureFixture
) -> None:
    limit, stream = get_settings().MAX_TEXT_SIZE, io.StringIO()
    handler, logger = logging.StreamHandler(stream), logging.getLogger("pgjobs.worker")
    logger.addHandler(handler)
    try:
        job = ran(SaysMuch, size=int(limit * factor))
    finally:
        logger.removeHandler(handler)
    assert job.status == "errored"
    assert "ValueError: xxx" in stream.getvalue()
    assert len(stream.getvalue()) < limit * 1.1
    assert ("cut by MAX_TEXT_SIZE" in stream.getvalue()) is is_cut
    (record,) = [each for each in caplog.records if each.exc_info]
    assert record.exc_info is not None
    assert record.exc_info[0] is ValueError
