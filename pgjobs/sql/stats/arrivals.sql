-- The jobs that came in the last minutes, by queue. No index has `created`, but ids are given in the order of
-- creation: so the newest `most` rows are read. If all of them came in this time, they count for the time in
-- which they came.
WITH newest AS (
    SELECT queue_name, created
    FROM (SELECT queue_name, created FROM pgjobs_job ORDER BY id DESC LIMIT %(most)s) AS last
    WHERE created > statement_timestamp() - %(length)s::interval
),
span AS (
    SELECT
        CASE
            WHEN count(*) < %(most)s THEN EXTRACT(epoch FROM %(length)s::interval)
            ELSE GREATEST(EXTRACT(epoch FROM statement_timestamp() - min(created)), 1)
        END::float8 AS seconds
    FROM newest
)
SELECT queue_name AS queue, count(*) AS jobs, 60 * count(*) / min(span.seconds) AS per_minute
FROM newest, span
GROUP BY queue_name
ORDER BY queue_name
