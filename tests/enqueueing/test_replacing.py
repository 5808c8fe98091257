"""``enqueue_once()`` with another rule, when the new job can't be inserted."""

from __future__ import annotations

import pytest
from django.db import DatabaseError

from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop
from tests.support.sql import query

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("moment", "act", "words"),
    [
        ("AFTER", "RAISE EXCEPTION 'not this rule'", "not this rule"),
        ("BEFORE", "RETURN NULL", "look for a trigger on pgjobs_job"),
    ],
    ids=["refused", "suppressed"],
)
def test_the_job_that_holds_the_place_stays_if_its_replacement_is_not_inserted(
    moment: str, act: str, words: str
) -> None:
    """The deletion of the one and the INSERT of the other commit together."""
    before = Noop.enqueue_once(interval=60)
    query(
        "CREATE FUNCTION project_rule() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF NEW.interval = 30 THEN {act}; END IF; RETURN NEW; END $$; "
        f"CREATE TRIGGER project_rule {moment} INSERT ON pgjobs_job FOR EACH ROW "
        "EXECUTE FUNCTION project_rule()"
    )

    try:
        with pytest.raises((DatabaseError, RuntimeError), match=words):
            Noop.enqueue_once(interval=30)
    finally:
        query("DROP FUNCTION project_rule CASCADE")

    assert list(Job.objects.live()) == [before]
