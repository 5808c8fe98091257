"""The tests under each supported Python, with the Django that belongs to it.

PostgreSQL comes from a wheel, or from PGJOBS_PG_BIN or DATABASE_URL, as for pytest:
`PGJOBS_PG_BIN=/usr/lib/postgresql/15/bin nox -s tests-3.11`. Further arguments go to pytest.
"""

from __future__ import annotations

import nox

DJANGO = {"3.11": "5.2", "3.12": "6.0", "3.13": "6.1"}

nox.options.default_venv_backend = "venv"


@nox.session(python=list(DJANGO))
def tests(session: nox.Session) -> None:
    django = DJANGO[str(session.python)]
    session.install("-e", ".[dev]", f"django=={django}.*")
    session.run("pytest", "-n", "auto", *session.posargs)
