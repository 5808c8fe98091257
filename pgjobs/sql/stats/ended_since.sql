-- Without a moment the statement counts nothing, and reads no row.
SELECT
    statement_timestamp() AS now,
    count(*) AS ended,
    count(*) FILTER (WHERE status IN ('errored', 'failed')) AS unsuccessful
FROM pgjobs_job
WHERE completed > %(since)s::timestamptz AND completed <= statement_timestamp()
