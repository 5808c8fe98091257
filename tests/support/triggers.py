"""Triggers of a project on the table of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.sql import query


@contextmanager
def a_trigger(body: str, event: str, when: str) -> Iterator[None]:
    """Take the steps of ``body``, in PL/pgSQL, before an ``event`` of each row for which ``when``
    holds."""
    query(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body}; RETURN NEW; END $$; "
        f"CREATE TRIGGER refuse BEFORE {event} ON pgjobs_job "
        f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse()"
    )
    try:
        yield
    finally:
        query("DROP FUNCTION refuse CASCADE")


def raising(code: str) -> str:
    """Return the step that raises an error with the SQLSTATE ``code``."""
    return f"RAISE 'over quota' USING ERRCODE = '{code}'"
