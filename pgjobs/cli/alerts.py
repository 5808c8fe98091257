"""The verb that looks for alerts without a worker."""

from __future__ import annotations

from pgjobs import alerts
from pgjobs.cli.verb import DONE, NOTHING, Verb, refuse
from pgjobs.conf import get_settings


class Alerts(Verb):
    name = "alerts"
    summary = (
        "Looks at the conditions of PGJOBS['ALERTS'], tells of each change as a worker would, and "
        "lists the alerts that are raised. Run it by cron: no worker can tell that the last worker "
        "is gone. Exits with 1 if an alert is raised."
    )

    def run(self) -> int:
        if get_settings().ALERTS is None:
            raise refuse(
                "Alerts are off: PGJOBS['ALERTS'] is None. An empty dict switches them on."
            )
        alerts.look_and_tell()
        raised = alerts.raised()
        self.output.rows(raised, "kind subject since message")
        return NOTHING if raised else DONE
