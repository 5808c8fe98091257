"""The fixtures of the verbs.

The packages that keep schedules bring Celery along, so they are in the extra `porting` and not in
`dev`: `.ci/full` installs them, in an environment of their own.
"""

from __future__ import annotations

from importlib.util import find_spec

from tests.cli.conftest import pgjobs as pgjobs  # a fixture

if find_spec("django_celery_beat") is None or find_spec("django_q") is None:
    collect_ignore = ["test_kept_schedules.py"]
