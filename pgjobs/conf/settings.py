"""Every setting: its name, default, type and unit."""

from __future__ import annotations

import dataclasses

from pgjobs.conf.kinds import (
    Alerts,
    Count,
    Hours,
    Lease,
    Limit,
    Minutes,
    Mode,
    Patterns,
    Queues,
    Retention,
    Seconds,
    Slots,
    Switch,
    Text,
    TextSize,
    Token,
    Version,
    When,
    Where,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values of ``settings.PGJOBS``. Every key is optional."""

    QUEUE_MAPPINGS: Queues = dataclasses.field(default_factory=dict)
    """Model → queue, for jobs about the model's objects. The keys are ``"model"``,
    ``"app.model"``, the model class, or ``None`` for jobs without an object."""

    DEFAULT_TIMEOUT: Count = 300
    """Seconds that a job may run, if neither its class nor ``enqueue()`` sets a timeout."""

    DEFAULT_NOTIFICATIONS: When = "always"
    """When the user of a job is notified of the job's end: ``always``, ``on_failure`` or
    ``never``."""

    NOTIFIER: Text = "pgjobs.notifications.log"
    """Dotted path of the function that notifies the user. It is called with the finished job."""

    JOB_RETENTION: Retention = 90
    """Days that finished jobs are kept, counted from their end. 0 keeps them forever."""

    STATISTICS_MINUTES: Minutes = 3
    """Days that statistics are kept minute by minute."""

    STATISTICS_HOURS: Hours = 60
    """Days that statistics are kept hour by hour. The views of a week read them."""

    STATISTICS_DAYS: Retention = 800
    """Days that statistics are kept day by day, and kinds of failure from when they were last seen.
    0 keeps them forever. The days of the last week stay in any case, because views read them."""

    JOURNAL_RETENTION: Retention = 365
    """Days that the entries of the journal are kept, counted from their end. 0 keeps them
    forever."""

    DIRECT_DATABASE: Text = ""
    """Alias in ``DATABASES`` that reaches PostgreSQL past a transaction pooler such as pgbouncer,
    for the worker's connections that need a session. It is empty if there is no pooler."""

    CODE_VERSION: Version = ""
    """The version of the project's code, such as a commit. Workers tell it, so that pages and
    ``manage.py pgjobs doctor`` show which of them runs other code."""

    CONCURRENCY: Slots = 4
    """Slots of a worker, if ``--concurrency`` is not given."""

    SHUTDOWN_TIMEOUT: Seconds = 25.0
    """Seconds that a stopping worker waits for running jobs. Kubernetes kills a container 30
    seconds after it asked the container to stop."""

    POLL_INTERVAL: Seconds = 1.0
    """Seconds between two looks for jobs that no ring told of: one worker looks for all idle
    workers, and each of them looks by itself every ten intervals. Behind a pooler each idle worker
    looks at each interval."""

    HEARTBEAT_INTERVAL: Seconds = 3.0
    """Seconds between a worker's heartbeats, less than half of ``HEARTBEAT_TIMEOUT``. With less
    than a quarter, one missed heartbeat has no consequence."""

    HEARTBEAT_TIMEOUT: Lease = 15.0
    """The lease: seconds without a heartbeat after which a worker counts as dead, even if it holds
    its session lock. The controllers of Kubernetes hold their leases for 15 seconds, too
    (``--leader-elect-lease-duration``)."""

    KILL_GRACE: Seconds = 10.0
    """Seconds that a job has to end after it was told to stop, before its process is ended."""

    ISOLATION: Where = "thread"
    """Where jobs run whose class does not say it by ``Meta.isolation``: ``thread``, ``process`` or
    ``fresh_process``. ``pgjobs_worker --isolation`` takes precedence."""

    MAX_JOBS_PER_PROCESS: Count = 1000
    """Jobs that a process of the isolation ``process`` runs before another one takes its place."""

    MAX_MEMORY_PER_PROCESS: Limit = None
    """MiB of resident memory above which such a process is replaced once its job has ended. None
    sets no limit."""

    MAX_RESULT_SIZE: Count = 1_000_000
    """Largest return value of ``run()`` that is kept, in bytes of JSON."""

    MAX_DATA_SIZE: Count = 1_000_000
    """Largest ``job.data`` that is kept, in characters of JSON."""

    MAX_TEXT_SIZE: TextSize = 100_000
    """Longest text that is kept of an error, a traceback, a log line or a progress message, in
    characters. A longer text is cut in its middle."""

    MAX_INTERRUPTIONS: Count = 3
    """Number of lost workers after which a job is given up as errored."""

    ALERTS: Alerts = None
    """The limits beyond which an alert is raised: a dict of `Thresholds`, where an empty one has
    all defaults. None switches alerts off."""

    REDACT: Patterns = tuple(
        "*password* *passwd* *passphrase* *secret* *token *api_key* *private_key* *authorization* "
        "*credential* *cookie*".split()
    )
    """Names of keys: no page, command or view shows their values, at any depth. ``*`` stands for
    any text; case and the characters ``-``, ``_``, ``.`` and space do not matter."""

    VISIBLE_JOBS: Text = ""
    """Dotted path of a function that takes a user and a query set of jobs, and returns the jobs
    that the user may see. If it is empty, a user with the permission sees all jobs."""

    ADMIN: Switch = True
    """Whether the pages of pgjobs stand in Django's default admin site. Without them,
    ``include("pgjobs.urls")`` gives the same pages alone."""

    MODE: Mode = "worker"
    """What ``enqueue()`` does beside inserting the row. ``worker`` wakes an idle worker. For tests,
    ``inline`` runs a job that is due before ``enqueue()`` returns, and ``manual`` does nothing."""

    METRICS_TOKEN: Token = ""
    """The bearer token for the pages of ``pgjobs.metrics.urls``. With an empty one no token opens
    them, and staff may still read them."""
