"""The page of one job with its log and its actions, and the form to enqueue one."""

from pgjobs.pages.job import enqueueing, views

ADDRESSES = [*views.ADDRESSES, *enqueueing.ADDRESSES]
