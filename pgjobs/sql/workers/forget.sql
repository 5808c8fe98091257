-- Delete the rows of workers that ended longer ago than finished jobs are kept, and their orders.
WITH forgotten AS (
    DELETE FROM pgjobs_worker
    WHERE stopped < statement_timestamp() - make_interval(days => %(days)s)
    RETURNING id
)
DELETE FROM pgjobs_order WHERE worker_id IN (SELECT id FROM forgotten)
