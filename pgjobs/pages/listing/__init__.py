"""The list of jobs: filters, counts, keyset paging, saved views, exports, and bulk actions."""

from pgjobs.pages.listing.views import ADDRESSES

__all__ = ["ADDRESSES"]
