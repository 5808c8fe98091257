-- Take the turn unless another process has it, or had it in the last 50 seconds.
UPDATE pgjobs_alert
SET claimed_until = statement_timestamp() + interval '50 seconds'
WHERE id = (
    SELECT id FROM pgjobs_alert
    WHERE kind = 'turn' AND claimed_until <= statement_timestamp()
    FOR UPDATE SKIP LOCKED
)
RETURNING id
