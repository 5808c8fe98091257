"""The failures, grouped by their cause."""

from pgjobs.pages.failures.actions import ADDRESSES as ACTIONS
from pgjobs.pages.failures.views import ADDRESSES as VIEWS

ADDRESSES = [*VIEWS, *ACTIONS]
