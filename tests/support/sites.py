"""Two sites in one database: each has its tables in a schema of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

from tests.support.environment import Environment, environment_of, with_apps, with_settings
from tests.support.eventually import eventually
from tests.support.fresh_database import fresh_database
from tests.support.sql import ask
from tests.support.warm_process import WarmProcess
from tests.support.worker_process import RunningWorker


class Site:
    """One site: the address of its database, with a search path that leads to its schema."""

    def __init__(self, url: str, schema: str, *, by_role: bool = False) -> None:
        """With ``by_role``, the role's own default is the search path, and not an option."""
        self.schema = schema
        self.by_role = by_role
        self.superuser = url
        if by_role:
            parts = urlsplit(url)
            place = parts.netloc.rpartition("@")[2]
            self.url = parts._replace(netloc=f"{schema}:secret@{place}").geturl()
        else:
            mark = "&" if urlsplit(url).query else "?"
            self.url = f"{url}{mark}options={quote(f'-c search_path={schema}')}"
        self.environment: Environment = with_apps(environment_of(self.url), "clockapp")

    def migrate(self) -> None:
        command = ("migrate", "--run-syncdb", "-v", "0")
        with WarmProcess(self.environment, *command, output=2) as migrating:
            assert migrating.wait(120) == 0

    def run(self, code: str) -> None:
        """Run ``code`` in a process of the site that has set Django up."""
        code = f"import django; django.setup()\n{code}"
        with WarmProcess(self.environment, code=code, output=2) as running:
            assert running.wait(60) == 0

    def enqueue(self, job: str, **kwargs: Any) -> int:
        """Enqueue a job of ``tests.apps.testapp.jobs``, ring, and return its id."""
        sql = (
            "INSERT INTO pgjobs_job (job_class, name, queue_name, kwargs) "
            "VALUES (%s, 'test', 'default', %s) RETURNING id"
        )
        ((key,),) = self.ask(sql, f"tests.apps.testapp.jobs.{job}", json.dumps(kwargs))
        self.ask("SELECT pgjobs_ring()")
        return int(key)

    def until(self, status: str, job: int) -> None:
        """Wait until the job has this status."""
        sql = "SELECT 1 FROM pgjobs_job WHERE id = %s AND status = %s"
        eventually(lambda: self.ask(sql, job, status), timeout=40)

    def labels(self) -> list[str]:
        """Return the labels of the traces that jobs left in this schema."""
        return [label for (label,) in self.ask("SELECT label FROM testapp_trace ORDER BY id")]

    def ask(self, sql: str, *params: Any) -> list[Any]:
        """Return the rows of a query of this site."""
        return ask(self.url, sql, *params)

    def worker(self, *arguments: str, **settings: Any) -> SitesWorker:
        return SitesWorker(self, *arguments, **settings)


class SitesWorker(RunningWorker):
    """A worker of one site."""

    def __init__(self, site: Site, *arguments: str, **settings: Any) -> None:
        self._site = site
        super().__init__(with_settings(site.environment, **settings), *arguments)

    def _registered(self) -> int:
        assert self.process.poll() is None, self.output
        sql = "SELECT pid FROM pgjobs_worker WHERE pid = %s AND stopped IS NULL"
        rows = self._site.ask(sql, self.process.pid)
        return rows[0][0] if rows else 0


@contextmanager
def two_sites(*schemas: str) -> Iterator[tuple[Site, Site]]:
    """Two migrated sites in a new database. A schema named ``role_…`` is found by its role."""
    with fresh_database() as url:
        sites = [_made(url, schema) for schema in schemas]
        try:
            yield sites[0], sites[1]
        finally:
            for site in sites:
                if site.by_role:
                    ask(url, f"DROP OWNED BY {site.schema}; DROP ROLE {site.schema}")


def _made(url: str, schema: str) -> Site:
    by_role = schema.startswith("role_")
    if by_role:
        ask(url, f"CREATE ROLE {schema} LOGIN PASSWORD 'secret'")
        ask(url, f"CREATE SCHEMA {schema} AUTHORIZATION {schema}")
        ask(url, f"ALTER ROLE {schema} SET search_path = {schema}")
    else:
        ask(url, f"CREATE SCHEMA IF NOT EXISTS {schema}")
    site = Site(url, schema, by_role=by_role)
    site.migrate()
    return site
