"""The lines about a project's own code, alerts, metrics and tracers."""

from __future__ import annotations

import logging
from logging import ERROR, INFO, WARNING
from typing import Final

from pgjobs import events
from pgjobs.log_lines.line import Line, line

WORKER: Final = logging.getLogger("pgjobs.worker")
SIGNALS: Final = logging.getLogger("pgjobs.signals")
NOTIFICATIONS: Final = logging.getLogger("pgjobs.notifications")
ALERTS: Final = logging.getLogger("pgjobs.alerts")
METRICS: Final = logging.getLogger("pgjobs.metrics")
EVENTS: Final = logging.getLogger("pgjobs.events")


LINES: Final[dict[type[events.Event], Line]] = {
    # The project's own code
    events.ReceiverFailed: line(
        SIGNALS, ERROR, "receiver={receiver!r} job={job.pk} raised", has_traceback=True
    ),
    events.NotifierFailed: line(
        NOTIFICATIONS,
        ERROR,
        "notifying user={job.user_id} of job={job.pk} failed",
        has_traceback=True,
    ),
    events.NotifiedByLog: line(
        NOTIFICATIONS, INFO, "user={job.user_id} job={job.pk} name={job.name!r} ended {job.status}"
    ),
    events.LoggingMended: line(
        WORKER,
        WARNING,
        "a job has left {spoiled!r} in the module logging, it raised {error!r} and is taken back",
    ),
    events.AnnouncementFailed: line(
        WORKER, ERROR, "announcing the end of job={job.id} failed", has_traceback=True
    ),
    # Alerts
    events.AlertRaised: line(
        ALERTS, WARNING, "alert={alert.kind} subject={alert.subject} raised: {alert.message}"
    ),
    events.AlertCleared: line(
        ALERTS, WARNING, "alert={alert.kind} subject={alert.subject} cleared"
    ),
    events.AlertNotTold: line(
        ALERTS,
        ERROR,
        "notifying of alert={alert.kind} subject={alert.subject} failed, trying again",
        has_traceback=True,
    ),
    events.AlertsFailed: line(
        ALERTS, WARNING, "looking for alerts failed, trying again in a minute: {error}"
    ),
    # Metrics
    events.MetricsUnreadable: line(METRICS, WARNING, "the {part} can't be read: {error}"),
    # Tracers and listeners
    events.TracerFailed: line(EVENTS, ERROR, "tracer={tracer!r} raised", has_traceback=True),
    events.ListenerFailed: Line(
        EVENTS,
        ERROR,
        "listener=%r raised when it was told %s",
        lambda event: (event.listener, type(event.event).__name__),
        has_traceback=True,
    ),
}
