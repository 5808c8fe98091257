"""The queues: what waits in each, who serves it, and whether it is paused."""

from pgjobs.pages.queues.views import ADDRESSES

__all__ = ["ADDRESSES"]
