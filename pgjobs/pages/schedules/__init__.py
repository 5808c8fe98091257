"""The system jobs: their rules, next runs and last outcomes."""

from pgjobs.pages.schedules.actions import ADDRESSES as ACTIONS
from pgjobs.pages.schedules.views import ADDRESSES as VIEWS

ADDRESSES = [*VIEWS, *ACTIONS]
