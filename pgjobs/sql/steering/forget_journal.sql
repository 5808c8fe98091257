-- Delete a batch of entries that ended more than `days` ago.
WITH old AS MATERIALIZED (
    SELECT id
    FROM pgjobs_journal
    WHERE ended < statement_timestamp() - make_interval(days => %(days)s)
    ORDER BY ended
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
)
DELETE FROM pgjobs_journal AS entry USING old WHERE entry.id = ANY (ARRAY[old.id])
