-- Forget what no living worker knows: each of them has written all that it knows as it started.
DELETE FROM pgjobs_registry
WHERE id IN (
    SELECT id
    FROM pgjobs_registry
    WHERE seen < LEAST(
        statement_timestamp() - interval '1 day',
        (SELECT min(started) FROM pgjobs_worker WHERE stopped IS NULL)
    )
    FOR UPDATE SKIP LOCKED
)
