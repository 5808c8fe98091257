"""The named sets of columns fit the model, and the SQL fits the sets.

A new column of `Job` fails these tests until each set in `pgjobs/rows/columns.py` either holds it
or, here, leaves it out, and until the SQL follows.
"""

from __future__ import annotations

import re

import pytest
from django.db import models, transaction

from pgjobs.models import Job
from pgjobs.rows import columns
from pgjobs.sql import load
from pgjobs.worker.claiming.claimer import CLAIM
from tests.support.sql import query

FIELDS = {field.attname: field for field in Job._meta.concrete_fields}

LEFT_OUT = {
    # The row gets these from their defaults; an enqueuer gives none of them.
    "GIVEN": (
        "id position created started completed epoch attempt interruptions worker_id data result "
        "error errors progress cancel_requested successor"
    ),
    # enqueue_many() holds no place. The position comes from its default.
    "COPIED": (
        "once_key position created started completed epoch attempt interruptions worker_id data "
        "result error errors progress cancel_requested successor"
    ),
    # run() may load these by a query. A claim that read them would be slower for every job.
    "CLAIMED": "once_key completed result errors progress cancel_requested successor",
    # save() writes these: the job's data, and the arguments of enqueue() that may still change.
    "ONLY_BY_STATEMENTS": (
        "object_type_id object_id name job_class args kwargs user_id queue_name priority "
        "max_attempts timeout data notifications meta"
    ),
    # A list of jobs reads these.
    "WIDE": (
        "id object_type_id object_id name job_class user_id queue_name priority position once_key "
        "created scheduled interval started completed status epoch attempt max_attempts "
        "interruptions timeout worker_id notifications cancel_requested"
    ),
}


def columns_of(statement: str) -> list[str]:
    """Return the columns that an INSERT or a COPY names, in their order."""
    found = re.search(r"(?:INSERT INTO|COPY) pgjobs_job \(([^)]+)\)", statement)
    assert found is not None
    return re.split(r",\s*", found[1].strip())


@pytest.mark.parametrize("name", LEFT_OUT)
def test_each_column_of_the_model_is_in_the_set_or_left_out_on_purpose(name: str) -> None:
    members = [*getattr(columns, name)]
    if name == "CLAIMED":
        members += columns.SET_BY_CLAIM

    assert sorted([*members, *LEFT_OUT[name].split()]) == sorted(FIELDS)


def test_the_sets_of_an_enqueuer_name_no_column_twice() -> None:
    assert len(set(columns.GIVEN)) == len(columns.GIVEN)
    assert set(columns.GIVEN_AS_JSON) <= set(columns.GIVEN)


def test_the_columns_given_as_json_are_those_that_hold_json() -> None:
    assert set(columns.GIVEN_AS_JSON) == {
        name for name in columns.GIVEN if isinstance(FIELDS[name], models.JSONField)
    }


def test_each_column_of_unlimited_length_is_wide_except_the_place() -> None:
    unlimited = (models.JSONField, models.TextField)

    assert {*columns.WIDE, "once_key"} == {
        name for name, field in FIELDS.items() if isinstance(field, unlimited)
    }


def test_an_insert_writes_the_columns_that_an_enqueuer_gives() -> None:
    statement = load("insert")

    assert sorted(columns_of(statement)) == sorted(columns.GIVEN)
    assert re.findall(r"%\((\w+)\)s", statement) == columns_of(statement)


def test_copy_writes_the_columns_in_the_order_of_the_rows() -> None:
    assert columns_of(load("copy")) == [*columns.COPIED]
    assert columns_of(load("insert_apart")) == [*columns.COPIED]


def test_a_successor_takes_over_the_common_columns_of_its_chain_and_the_rule() -> None:
    statement = load("successors")
    inserted = columns_of(statement)
    selected = re.search(r"(next\.job_class,.+?)\s+FROM recorded", statement, re.DOTALL)

    assert sorted(inserted) == sorted(["status", "scheduled", *columns.TAKEN_OVER])
    assert selected is not None
    assert re.findall(r"next\.(\w+)", selected[1]) == inserted[2:]


@pytest.mark.django_db
def test_a_claim_reads_its_columns_in_their_order() -> None:
    lists = ("queues", "priorities", "floors", "paused", "set_aside")
    no_lane: dict[str, object] = {name: [] for name in lists}
    with transaction.get_connection().cursor() as cursor:
        cursor.execute(CLAIM, {**no_lane, "limit": 1, "worker": 1, "heavy": 1})
        assert cursor.description is not None
        read = [column.name for column in cursor.description]

    assert read == ["rank", "passed", "is_heavy", *columns.CLAIMED]


@pytest.mark.django_db
def test_the_table_has_the_columns_of_the_model() -> None:
    rows = query(
        "SELECT attname FROM pg_attribute "
        "WHERE attrelid = 'pgjobs_job'::regclass AND attnum > 0 AND NOT attisdropped"
    )

    assert {row["attname"] for row in rows} == set(FIELDS)
