-- Take the changes that nobody has told of, for two minutes: if this process dies, another one tells. A
-- condition that came and went before anybody was told is no change.
UPDATE pgjobs_alert
SET claimed_until = statement_timestamp() + interval '2 minutes'
WHERE id = ANY (ARRAY(
    SELECT id FROM pgjobs_alert
    WHERE active <> told AND (claimed_until IS NULL OR claimed_until <= statement_timestamp())
    ORDER BY id
    FOR UPDATE SKIP LOCKED
))
RETURNING id, kind, subject, message, active, since
