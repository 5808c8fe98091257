-- Take the turn, after the process that has it.
UPDATE pgjobs_alert
SET claimed_until = statement_timestamp() + interval '50 seconds'
WHERE kind = 'turn'
RETURNING id
