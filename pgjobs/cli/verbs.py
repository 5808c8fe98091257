"""All verbs, in the order in which ``--help`` lists them."""

from __future__ import annotations

from typing import Final

from pgjobs.cli.alerts import Alerts
from pgjobs.cli.enqueueing import Enqueue
from pgjobs.cli.examining import Checkup, Doctor
from pgjobs.cli.health import Health
from pgjobs.cli.journal import Journal
from pgjobs.cli.looking import Failures, ListJobs, Logs, Queues, Schedules, Show, Why, Workers
from pgjobs.cli.metrics import Metrics
from pgjobs.cli.ordering import Drain, Restart
from pgjobs.cli.pausing import PauseClaims, ResumeClaims
from pgjobs.cli.porting import PortCode
from pgjobs.cli.roles import Roles
from pgjobs.cli.scheduling import EditSchedule, RunSchedule, SwitchOff, SwitchOn
from pgjobs.cli.statistics import Statistics
from pgjobs.cli.steering import Cancel, Delete, Prune, Retry
from pgjobs.cli.top.verb import Top
from pgjobs.cli.verb import Verb

VERBS: Final[dict[str, type[Verb]]] = {
    verb.name: verb
    for verb in (
        ListJobs,
        Show,
        Why,
        Logs,
        Queues,
        Workers,
        Schedules,
        Failures,
        Top,
        Statistics,
        Health,
        Metrics,
        Alerts,
        Doctor,
        Checkup,
        Enqueue,
        Cancel,
        Retry,
        Delete,
        Prune,
        PauseClaims,
        ResumeClaims,
        RunSchedule,
        SwitchOff,
        SwitchOn,
        EditSchedule,
        Drain,
        Restart,
        Journal,
        Roles,
        PortCode,
    )
}
