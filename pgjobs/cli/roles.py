"""The verb that prints the SQL for three roles of the database."""

from __future__ import annotations

from pgjobs.cli.verb import DONE, Verb
from pgjobs.sql import load


class Roles(Verb):
    name = "roles"
    summary = (
        "Prints SQL that makes three roles: pgjobs_enqueuer may enqueue jobs, pgjobs_reader may "
        "look, and pgjobs_operator may look and steer. Run it as the owner of the tables."
    )

    def run(self) -> int:
        sql = f"{load('roles')};"
        if self.output.as_json:
            self.output.record({"sql": sql})
        else:
            self.output.text(sql)
        return DONE
