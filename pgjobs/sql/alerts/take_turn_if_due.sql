-- Take the turn unless another process has it, or had it in the last 50 seconds. A turn that ends later than
-- in 100 seconds was taken before the clock was set back. The bound is not 50 seconds: if another process began its
-- statement after this one, and came first, its turn ends a little later than 50 seconds from now.
UPDATE pgjobs_alert
SET claimed_until = statement_timestamp() + interval '50 seconds'
WHERE id = (
    SELECT id FROM pgjobs_alert
    WHERE kind = 'turn'
        AND (
            claimed_until <= statement_timestamp()
            OR claimed_until > statement_timestamp() + interval '100 seconds'
        )
    FOR UPDATE SKIP LOCKED
)
RETURNING id
