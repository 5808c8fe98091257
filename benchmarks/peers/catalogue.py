"""Every peer, with the settings that its own documentation recommends for throughput."""

from __future__ import annotations

from typing import Final

from benchmarks.peers.nodejs import Node
from benchmarks.peers.on_redis import Redis
from benchmarks.peers.peer import Peer
from benchmarks.peers.postgres import Postgres
from benchmarks.peers.python import Python

_APPS: Final = "benchmarks.peers.apps"
_AWA_DONE: Final = """FROM (
    SELECT sum(completed_count)::bigint AS batched FROM awa.receipt_completion_batches) AS batches,
    LATERAL (SELECT count(*) AS alone FROM awa.done_entries WHERE state = 'completed') AS entries,
    LATERAL (SELECT sum(pruned_completed_count)::bigint AS pruned
        FROM awa.queue_terminal_rollups) AS rollups,
    generate_series(1, coalesce(batched, 0) + alone + coalesce(pruned, 0))"""


def _django(app: str) -> dict[str, str]:
    return {"PEER_APP": app, "DJANGO_SETTINGS_MODULE": f"{_APPS}.django_settings"}


_ALL: Final = (
    Peer(
        name="procrastinate",
        settings="30 jobs at once, async task, LISTEN",
        pace=340,
        program=Python(
            "procrastinate",
            ("procrastinate",),
            f"-m procrastinate --app {_APPS}.procrastinate.app worker --concurrency 30",
        ),
        # A row is kept, 'todo' until it is fetched and 'doing' until its end is recorded.
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
            f"-m {_APPS} pgqueuer",
        ),
        # A row is deleted, and its outcome logged, in one statement when its job has ended.
        store=Postgres(
            left="FROM pgqueuer",
            done="FROM pgqueuer_log WHERE status = 'successful'",
        ),
    ),
    Peer(
        name="chancy",
        settings="concurrency 4000, AsyncExecutor, polls each second",
        pace=1400,
        program=Python(
            "chancy",
            ("chancy", "click"),
            f"-m chancy.cli.cli --app {_APPS}.chancy.app worker start",
        ),
        # A row is kept, and is in another state until its end is recorded.
        store=Postgres(
            left="FROM chancy_jobs WHERE state NOT IN ('succeeded', 'failed')",
            done="FROM chancy_jobs WHERE state = 'succeeded'",
        ),
    ),
    Peer(
        name="django-tasks-db",
        settings="one process, CONN_MAX_AGE=None",
        pace=180,
        program=Python(
            "django_tasks_db",
            ("django-tasks-db",),
            "-m django db_worker --no-startup-delay",
            environment=_django("django_tasks_db"),
        ),
        # A row is kept, READY until it is claimed and RUNNING until its end is recorded.
        store=Postgres(
            left="FROM django_tasks_database_dbtaskresult WHERE status IN ('READY', 'RUNNING')",
            done="FROM django_tasks_database_dbtaskresult WHERE status = 'SUCCESSFUL'",
        ),
    ),
    Peer(
        name="django-ox",
        settings="4 threads, CONN_MAX_AGE=None",
        pace=300,
        program=Python(
            "django_ox",
            ("django-ox",),
            "-m django ox_worker --concurrency 4",
            since=(3, 12),
            environment=_django("django_ox"),
        ),
        # As of django-tasks-db; a retry would be READY again.
        store=Postgres(
            left="FROM django_ox_oxtask WHERE status IN ('READY', 'RUNNING')",
            done="FROM django_ox_oxtask WHERE status = 'SUCCESSFUL'",
        ),
    ),
    Peer(
        name="awa-pg",
        settings="200 async workers, queue storage, COPY",
        pace=3000,
        program=Python("awa", ("awa-pg",), f"-m {_APPS} awa"),
        # Its view of jobs takes minutes over a backlog. A lane's sequence counts the enqueued jobs.
        # Completed jobs are counted in batches, and in rollups once the batches are pruned.
        store=Postgres(
            left="FROM awa.queue_enqueue_heads WHERE awa.sequence_next_value(seq_name) - 1 > "
            f"(SELECT count(*) {_AWA_DONE})",
            done=_AWA_DONE,
        ),
    ),
    Peer(
        name="oban",
        settings="queue of 1000 at once, async job, uvloop",
        pace=1400,
        program=Python(
            "oban",
            ("oban",),
            "-m oban start --dsn {PEER_URL} --queues default:1000 --log-level WARNING",
            since=(3, 12),
        ),
        # A row is kept, and is in another state until its end is acknowledged.
        store=Postgres(
            left="FROM oban_jobs WHERE state NOT IN ('completed', 'cancelled', 'discarded')",
            done="FROM oban_jobs WHERE state = 'completed'",
        ),
    ),
    Peer(
        name="graphile-worker",
        settings="24 jobs at once, localQueue 5000, batch delays 0",
        pace=25_000,
        program=Node("graphile-worker.mjs"),
        # A row is deleted when its job is done, and stays when it failed.
        store=Postgres(
            left="FROM graphile_worker._private_jobs",
            done="FROM generate_series(1, pg_sequence_last_value(pg_get_serial_sequence("
            "'graphile_worker._private_jobs', 'id')))",
        ),
    ),
    Peer(
        name="pg-boss",
        settings="batchSize 1000, burstWhenBatchFull",
        pace=15_000,
        program=Node("pg-boss.mjs"),
        # A row is kept. The states are an ordered enum; the final ones are 'completed' and above.
        store=Postgres(
            left="FROM pgboss.job WHERE state < 'completed'",
            done="FROM pgboss.job WHERE state = 'completed'",
        ),
    ),
    Peer(
        name="rq",
        settings="SimpleWorker, no result kept",
        pace=100,
        program=Python(
            "rq",
            ("rq",),
            "-m rq.cli worker --url {PEER_URL} --worker-class rq.SimpleWorker --quiet",
        ),
        # Until its end is recorded, a job is in the queue, then in the intermediate queue, then in
        # the registry of started jobs.
        store=Redis(("rq:queue:default", "rq:queue:default:intermediate", "rq:wip:default")),
    ),
    Peer(
        name="celery",
        settings="prefork 2, prefetch 1000, results ignored, no gossip, mingle or heartbeat",
        pace=440,
        program=Python(
            "celery",
            ("celery", "redis"),
            f"-m celery -A {_APPS}.celery worker --concurrency 2 --without-gossip"
            " --without-mingle --without-heartbeat --loglevel WARNING",
        ),
        # A message is in the queue, then unacknowledged until a process took it.
        store=Redis(("celery", "unacked")),
    ),
    Peer(
        name="dramatiq",
        settings="2 processes of 8 threads",
        pace=2500,
        program=Python(
            "dramatiq",
            ("dramatiq", "redis"),
            f"-m dramatiq {_APPS}.dramatiq --processes 2",
        ),
        # The hash has every message that is not acknowledged, and one is when its job ended.
        store=Redis(("dramatiq:default.msgs",)),
    ),
    Peer(
        name="huey",
        settings="1 thread, no results",
        pace=2500,
        program=Python(
            "huey",
            ("huey", "redis"),
            f"-m huey.bin.huey_consumer {_APPS}.huey.huey --quiet",
        ),
        # A job is popped before it runs, and nothing then tells of it: the last one's run, of
        # microseconds, is not waited for.
        store=Redis(("huey.redis.peer",)),
    ),
)

PEERS: Final = {peer.name: peer for peer in _ALL}
