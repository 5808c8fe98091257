"""A way to a server of the tests by a network address, which any user of this machine can reach."""

from __future__ import annotations

import secrets
from contextlib import closing, suppress

import psycopg
from psycopg import sql

from example_project.postgres import PORT, EmbeddedPostgres
from tests.support.eventually import eventually


def url_by_address(postgres: EmbeddedPostgres, address: str) -> str:
    """Let clients with a new password in at ``address``, where the server listens; return the URL.

    Without a password, each user of this machine would be a superuser there.
    """
    password = secrets.token_urlsafe()
    rules = postgres.data / "cluster" / "pg_hba.conf"
    rules.write_text("local all all trust\nhost all postgres all scram-sha-256\n")
    with closing(psycopg.connect(postgres.url, autocommit=True)) as connection:
        connection.execute(sql.SQL("ALTER ROLE postgres PASSWORD {}").format(password))
        connection.execute("SELECT pg_reload_conf()")
    url = f"postgresql://postgres:{password}@{address}:{PORT}/postgres"
    eventually(lambda: _lets_in(url))
    return url


def _lets_in(url: str) -> bool:
    with suppress(psycopg.OperationalError):  # the server has not read its new rules yet
        psycopg.connect(url).close()
        return True
    return False
