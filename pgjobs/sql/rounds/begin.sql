-- Begin a round of the cluster at a `place`, unless a worker has begun one there within `overdue`
-- seconds; one row says that this worker has begun it. Usually another worker has, and the statement
-- then reads one row and writes nothing. Of two workers that begin at once the second sees the row of
-- the first and leaves off. A moment far ahead is that of a clock that was set back: it counts for
-- nothing.
INSERT INTO pgjobs_round AS latest (place, begun)
SELECT %(place)s::smallint, statement_timestamp()
WHERE NOT EXISTS (
    SELECT
    FROM pgjobs_round
    WHERE place = %(place)s::smallint
        AND begun > statement_timestamp() - make_interval(secs => %(overdue)s)
        AND begun < statement_timestamp() + interval '1 second'
)
ON CONFLICT (place) DO UPDATE
SET begun = EXCLUDED.begun
WHERE NOT (
    latest.begun > EXCLUDED.begun - make_interval(secs => %(overdue)s)
    AND latest.begun < EXCLUDED.begun + interval '1 second'
)
RETURNING place
