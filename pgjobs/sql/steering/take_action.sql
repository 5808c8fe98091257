-- Take a bulk action without a carrier: a new one, or one whose carrier has written no batch for
-- `overdue` seconds. Its row is locked while a batch runs, so a slow batch is not taken for a dead carrier.
UPDATE pgjobs_journal
SET carrier = %(carrier)s, updated = statement_timestamp()
WHERE id = (
    SELECT id
    FROM pgjobs_journal
    WHERE state = 'running'
        AND (
            carrier IN ('', %(carrier)s)
            OR updated < statement_timestamp() - make_interval(secs => %(overdue)s)
        )
    ORDER BY id
    LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING id
