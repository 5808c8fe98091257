"""The workers: what each runs, and the orders to drain and restart."""

from pgjobs.pages.workers.views import ADDRESSES

__all__ = ["ADDRESSES"]
