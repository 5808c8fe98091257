"""Every peer, with the settings that its own documentation recommends for throughput."""

from __future__ import annotations

from typing import Final

from benchmarks.peers.peer import Peer
from benchmarks.peers.postgres import Postgres
from benchmarks.peers.python import Python

_APPS: Final = "benchmarks.peers.apps"
_DJANGO: Final = ("-m", "django")


def _django(app: str) -> dict[str, str]:
    return {"PEER_APP": app, "DJANGO_SETTINGS_MODULE": f"{_APPS}.django_settings"}


_ALL: Final = (
    Peer(
        name="procrastinate",
        settings="concurrency 30, async task, LISTEN on",
        pace=340,
        program=Python(
            "procrastinate",
            ("procrastinate",),
            (
                "-m",
                "procrastinate",
                "--app",
                f"{_APPS}.procrastinate.app",
                "worker",
                "--concurrency",
                "30",
            ),
        ),
        store=Postgres(
            left="FROM procrastinate_jobs WHERE status IN ('todo', 'doing')",
            done="FROM procrastinate_jobs WHERE status = 'succeeded'",
        ),
    ),
    Peer(
        name="pgqueuer",
        settings="batch 500, asyncpg, uvloop, async entrypoint",
        pace=20_000,
        program=Python(
            "pgqueuer",
            ("pgqueuer", "asyncpg"),
            ("-c", f"from {_APPS} import pgqueuer; pgqueuer.work()"),
        ),
        store=Postgres(
            left="FROM pgqueuer",
            done="FROM pgqueuer_log WHERE status = 'successful'",
        ),
    ),
    Peer(
        name="chancy",
        settings="concurrency 1000, AsyncExecutor, eager polling",
        pace=1400,
        program=Python(
            "chancy",
            ("chancy", "click"),
            ("-m", "chancy.cli.cli", "--app", f"{_APPS}.chancy.app", "worker", "start"),
        ),
        store=Postgres(
            left="FROM chancy_jobs WHERE state NOT IN ('succeeded', 'failed')",
            done="FROM chancy_jobs WHERE state = 'succeeded'",
        ),
    ),
    Peer(
        name="django-tasks-db",
        settings="one process",
        pace=180,
        program=Python(
            "django_tasks_db",
            ("django-tasks-db",),
            (*_DJANGO, "db_worker", "--no-startup-delay"),
            environment=_django("django_tasks_db"),
        ),
        store=Postgres(
            left="FROM django_tasks_database_dbtaskresult WHERE status IN ('READY', 'RUNNING')",
            done="FROM django_tasks_database_dbtaskresult WHERE status = 'SUCCESSFUL'",
        ),
    ),
    Peer(
        name="django-ox",
        settings="",
        pace=300,
        program=Python(
            "django_ox",
            ("django-ox",),
            (*_DJANGO, "ox_worker", "--concurrency", "4"),
            since=(3, 12),
            environment=_django("django_ox"),
        ),
        store=Postgres(
            left="FROM django_ox_oxtask WHERE status IN ('READY', 'RUNNING')",
            done="FROM django_ox_oxtask WHERE status = 'SUCCESSFUL'",
        ),
    ),
    Peer(
        name="awa-pg",
        settings="",
        pace=3000,
        program=Python("awa", ("awa-pg",), ("-c", f"from {_APPS} import awa; awa.work()")),
        store=Postgres(
            left="FROM awa.jobs WHERE state NOT IN ('completed', 'failed', 'cancelled')",
            done="FROM awa.jobs WHERE state = 'completed'",
        ),
    ),
    Peer(
        name="oban",
        settings="",
        pace=1400,
        program=Python(
            "oban",
            ("oban",),
            (
                "-m",
                "oban",
                "start",
                "--dsn",
                "{PEER_URL}",
                "--queues",
                "default:50",
                "--log-level",
                "WARNING",
            ),
            since=(3, 12),
        ),
        store=Postgres(
            left="FROM oban_jobs WHERE state NOT IN ('completed', 'cancelled', 'discarded')",
            done="FROM oban_jobs WHERE state = 'completed'",
        ),
    ),
)

PEERS: Final = {peer.name: peer for peer in _ALL}
