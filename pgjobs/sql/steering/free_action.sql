-- A bulk action without a carrier: a new one, or one whose carrier has written no batch for `overdue` seconds. A
-- batch ahead of the clock is from before the clock was set back.
-- The presence of a worker only looks, because a trigger of the project may keep a change of the row
-- for long. The actions in `halted` could not go on here: they come after the others, each in its turn.
SELECT id
FROM pgjobs_journal
WHERE state = 'running'
    AND (
        carrier IN ('', %(carrier)s)
        OR updated NOT BETWEEN statement_timestamp() - make_interval(secs => %(overdue)s)
            AND statement_timestamp() + make_interval(secs => %(overdue)s)
    )
ORDER BY array_position(%(halted)s::bigint[], id) NULLS FIRST, id
LIMIT 1
