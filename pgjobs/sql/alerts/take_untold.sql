-- Take a change that nobody has told of, for some seconds: if this process dies or hangs, another one tells. A
-- condition that came and went before anybody began to tell of it is no change. If a telling began and nobody
-- knows whether it arrived, the present state is told, whatever was told before. One change at a time, because
-- a notifier may be slow: the time of the last of many would pass before its turn. A claim that lasts longer than
-- twice these seconds was made before the clock was set back. The bound is not once: a claim by a statement that began
-- after this one, and came first, lasts a little longer than these seconds from now.
UPDATE pgjobs_alert
SET claimed_until = statement_timestamp() + make_interval(secs => %(seconds)s)
WHERE id = (
    SELECT id FROM pgjobs_alert
    WHERE kind <> 'turn'
        AND (active <> told OR claimed_until IS NOT NULL)
        AND (
            claimed_until IS NULL
            OR claimed_until <= statement_timestamp()
            OR claimed_until > statement_timestamp() + 2 * make_interval(secs => %(seconds)s)
        )
        AND id <> ALL (%(taken)s::bigint[])
    ORDER BY id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING id, kind, subject, message, active, since
