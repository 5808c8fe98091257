-- Classes among the first waiting jobs that no worker has ever written into pgjobs_registry. As long as no
-- worker has written any class, nobody can tell. Each status has a partial index: a single condition on both
-- would read the whole table.
SELECT job_class::text, count(*) AS jobs, min(id) AS example
FROM (
    (SELECT id, job_class FROM pgjobs_job WHERE status = 'pending' LIMIT 10000)
    UNION ALL
    (SELECT id, job_class FROM pgjobs_job WHERE status = 'scheduled' LIMIT 10000)
) AS waiting
WHERE NOT EXISTS (
    SELECT
    FROM pgjobs_registry AS entry
    WHERE entry.kind = 'job_class' AND entry.name = waiting.job_class
)
AND EXISTS (SELECT FROM pgjobs_registry WHERE kind = 'job_class')
GROUP BY job_class
ORDER BY jobs DESC
LIMIT 5
