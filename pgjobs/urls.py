"""The pages without an admin: ``path("jobs/", include("pgjobs.urls"))``.

A user signs in at ``LOGIN_URL``, and needs the same permissions as in the admin.
"""

from __future__ import annotations

from pgjobs.pages.place import alone
from pgjobs.pages.urls import patterns

app_name = "pgjobs"
urlpatterns = patterns(alone())
