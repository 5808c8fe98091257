"""The targets for the figures of one run: ratios, and times that a user feels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Target:
    """A bound for one figure: its least value, or without ``at_least`` its largest."""

    key: str
    meaning: str
    bound: float
    at_least: bool = True

    def is_met(self, figure: float) -> bool:
        return figure >= self.bound if self.at_least else figure <= self.bound

    @property
    def shown(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


def _at_most(key: str, meaning: str, bound: float) -> Target:
    return Target(key, meaning, bound, at_least=False)


TARGETS: Final = (
    Target("drain_vs_floor", "throughput of one process ÷ pgbench with the same SQL", 0.6),
    Target("drain_vs_best_python_peer", "throughput of one process ÷ the best Python peer", 3),
    Target("drain_vs_graphile", "throughput of one process ÷ graphile-worker", 1.25),
    Target("drain_2_vs_graphile", "throughput of two processes ÷ graphile-worker", 1.7),
    Target("drain_vs_procrastinate", "throughput of one process ÷ procrastinate", 50),
    Target("drain_vs_django_tasks_db", "throughput of one process ÷ django-tasks-db", 50),
    Target("held_snapshot", "throughput with a held snapshot ÷ without one", 0.8),
    Target("big_history", "throughput beside finished rows ÷ in an empty table", 0.9),
    Target("big_future", "throughput beside future rows ÷ in an empty table", 0.9),
    _at_most("claim_ms", "one claim beside finished or future rows, median, ms", 1),
    Target("bulk_vs_copy", "enqueue_many() ÷ a bare COPY of the same rows", 0.5),
    Target("single_vs_create", "enqueue() ÷ Job.objects.create(), one client", 0.8),
    Target("concurrent_vs_insert", "the SQL of enqueue() ÷ its INSERT, 32 clients", 0.7),
    _at_most("latency_p50_ms", "commit to run(), idle worker, median, ms", 3),
    _at_most("latency_p99_ms", "commit to run(), idle worker, 99th percentile, ms", 10),
    _at_most("priority_ms", "commit to run(), high job while low jobs of 1 ms wait, worst, ms", 50),
    _at_most("idle_statements_per_s", "statements per second of an idle worker", 2),
    _at_most("idle_percent_of_a_core", "processor time of an idle worker, %", 1),
    _at_most("idle_mb", "memory of an idle worker of its own, of many with --preload, MB", 36.7),
    _at_most("memory_growth", "memory growth of a worker after its first 10,000 jobs", 0.05),
    Target("coroutines_vs_plain", "throughput of coroutines ÷ jobs in threads, one process", 0.85),
    Target("eight_vs_one", "on 16 cores, throughput of 8 processes ÷ 1 process", 3.5),
    Target("sixteen_vs_fewer", "on 16 cores, throughput of 16 processes ÷ the best of fewer", 0.9),
    Target("eight_held", "on 16 cores, 8 processes, held snapshot ÷ without one", 0.9),
    _at_most(
        "server_growth",
        "server's processor time per job, 16 processes ÷ 1, ÷ the same ratio of pgbench",
        1.3,
    ),
    _at_most(
        "transaction_waits", "samples of sessions that wait for a transaction, 16 processes, %", 1
    ),
    _at_most("wal_bytes", "bytes of WAL per job, with its enqueueing", 1000),
    Target("process_per_s", "jobs a second in warm processes, one worker", 2000),
    Target("fresh_process_per_s", "jobs a second, each in a fresh process, one worker", 150),
    Target("computing", "speed-up of jobs that compute, in processes, ÷ cores", 0.9),
    _at_most("process_mb", "memory of a warm process of its own, beyond the first, MB", 26.2),
    Target("counted_vs_uncounted", "throughput with statistics ÷ without, in pairs", 0.98),
    _at_most("slowest_look_ms", "slowest view or number beside many rows, median, ms", 100),
    _at_most("slowest_page_ms", "slowest page beside a million jobs, median, ms", 300),
)
