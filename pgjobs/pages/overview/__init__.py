"""Is anything wrong, where, and since when?"""

from pgjobs.pages.overview.doctor import ADDRESSES as DOCTOR
from pgjobs.pages.overview.views import ADDRESSES as OVERVIEW

ADDRESSES = [*OVERVIEW, *DOCTOR]
