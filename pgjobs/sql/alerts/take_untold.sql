-- Take a change that nobody has told of, for two minutes: if this process dies, another one tells. A
-- condition that came and went before anybody was told is no change. One change at a time, because a
-- notifier may be slow: the two minutes of the last of many would pass before its turn.
UPDATE pgjobs_alert
SET claimed_until = statement_timestamp() + interval '2 minutes'
WHERE id = (
    SELECT id FROM pgjobs_alert
    WHERE active <> told
        AND (claimed_until IS NULL OR claimed_until <= statement_timestamp())
        AND id <> ALL (%(taken)s::bigint[])
    ORDER BY id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING id, kind, subject, message, active, since
