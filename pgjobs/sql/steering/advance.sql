-- Write how far a bulk action is. Its row is locked. A trigger of the project may keep the row as it was, so the
-- caller compares what comes back.
UPDATE pgjobs_journal
SET updated = statement_timestamp(),
    ended = CASE WHEN %(state)s::text <> 'running' THEN statement_timestamp() END,
    state = %(state)s,
    carrier = %(carrier)s,
    reached = %(reached)s,
    done = %(done)s,
    refused = %(refused)s,
    error = %(error)s
WHERE id = %(id)s
RETURNING state, carrier, reached, done, refused, error
