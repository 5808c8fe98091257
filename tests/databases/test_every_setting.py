"""Every setting of a database: real workers run jobs, and commands and pages answer."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.support.environment import Environment, with_apps
from tests.support.whole_project import live_beside_a_worker, with_variant

SETTINGS: dict[str, dict[str, Any]] = {
    "CONN_MAX_AGE 0": {"database": {"CONN_MAX_AGE": 0}},
    "CONN_MAX_AGE None, health checks": {
        "database": {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    },
    "ATOMIC_REQUESTS": {"database": {"ATOMIC_REQUESTS": True}},
    "TIME_ZONE": {
        "database": {"TIME_ZONE": "Asia/Kathmandu"},
        "settings": {"TIME_ZONE": "America/St_Johns"},
    },
    "DISABLE_SERVER_SIDE_CURSORS": {"database": {"DISABLE_SERVER_SIDE_CURSORS": True}},
    "server_side_binding": {"options": {"server_side_binding": True}},
    "pool": {"options": {"pool": True}},
    # A connection for each slot, one for the clock, and one for short work: see pgjobs.W030.
    "a small pool": {"options": {"pool": {"min_size": 1, "max_size": 4, "timeout": 10}}},
    "prepare_threshold": {"options": {"prepare_threshold": 0}},
    "repeatable read": {"options": {"isolation_level": 3}},
    "serializable": {"options": {"isolation_level": 4}},
    "short limits": {
        "options": {
            "options": "-c statement_timeout=2000 -c lock_timeout=200 "
            "-c idle_in_transaction_session_timeout=2000 -c idle_session_timeout=1000"
        }
    },
    "application_name": {"options": {"application_name": "shop"}},
    "autocommit": {"options": {"autocommit": True}},
    "client_encoding": {"options": {"client_encoding": "LATIN1"}},
    "other planner settings": {"options": {"options": "-c jit=on -c enable_indexscan=off"}},
    "DEFAULT_AUTO_FIELD": {"settings": {"DEFAULT_AUTO_FIELD": "django.db.models.AutoField"}},
    "an engine of a package": {"database": {"ENGINE": "tests.support.engine_of_a_package"}},
    "sslmode": {"options": {"sslmode": "prefer", "connect_timeout": 0}},
}


OFTEN_TRIED = (
    "CONN_MAX_AGE None, health checks",
    "server_side_binding",
    "a small pool",
    "serializable",
    "short limits",
    "autocommit",
)
"""Those that change most for an engine. With EVERY_SETTING, as in .ci/full, all are tried."""


@pytest.mark.parametrize("name", SETTINGS if os.environ.get("EVERY_SETTING") else OFTEN_TRIED)
def test_a_project_with_this_setting_lives(child_environment: Environment, name: str) -> None:
    environment = with_apps(child_environment, "clockapp")

    live_beside_a_worker(with_variant(environment, **SETTINGS[name]))
