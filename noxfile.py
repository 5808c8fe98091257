"""The tests on each supported Python, with the Django that pyproject.toml pairs with it.

`nox -s integrations` tries packages that use Django's task framework, on the newest Python.
PostgreSQL comes from the wheel, from PGJOBS_PG_BIN or from DATABASE_URL, as for pytest:
`PGJOBS_PG_BIN=/usr/lib/postgresql/15/bin nox -s tests-3.11`. Further arguments go to pytest.
"""

from __future__ import annotations

import nox

DJANGO_ON_PYTHON: dict[str, str] = nox.project.load_toml("pyproject.toml")["tool"]["pgjobs"][
    "matrix"
]["django_on_python"]

nox.options.default_venv_backend = "venv"
nox.options.sessions = ["tests"]


@nox.session(python=list(DJANGO_ON_PYTHON))
def tests(session: nox.Session) -> None:
    django = DJANGO_ON_PYTHON[str(session.python)]
    session.install("-e", ".[dev]", f"django=={django}.*")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session(python=list(DJANGO_ON_PYTHON)[-1:])
def integrations(session: nox.Session) -> None:
    django = DJANGO_ON_PYTHON[str(session.python)]
    session.install("-e", ".[dev,integrations]", f"django=={django}.*")
    session.run("pytest", "tests/integrations", *session.posargs, env={"INTEGRATIONS": "1"})
