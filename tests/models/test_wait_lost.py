"""``Job.wait()`` when its session ends."""

from __future__ import annotations

import psycopg
import pytest

from tests.apps.testapp.jobs import Noop
from tests.support.elsewhere import elsewhere
from tests.support.eventually import eventually
from tests.support.sql import query

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_caller_whose_session_was_ended_hears_why_it_was_lost() -> None:
    waiting = elsewhere(Noop.enqueue().wait)
    eventually(
        lambda: query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'pgjobs wait' AND state = 'idle' "
            "AND datname = current_database() AND query LIKE '%FROM pgjobs_job%'"
        )
    )
    with pytest.raises(psycopg.OperationalError, match=r"terminating|closed the"):
        waiting.result(30)
