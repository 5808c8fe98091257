"""Alerts: conditions that a person should know of, each told once as it comes and once as it goes.

The table of alerts is the memory of the cluster. Any process may look at the conditions and tell of
a change: a worker each minute, or ``manage.py pgjobs alerts`` from cron.
"""

from pgjobs.alerts.alert import Alert
from pgjobs.alerts.rounds import AlertRounds
from pgjobs.alerts.telling import look_and_tell, raised

__all__ = ["Alert", "AlertRounds", "look_and_tell", "raised"]
