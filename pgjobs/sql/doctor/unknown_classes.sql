-- Classes among the first 10,000 waiting jobs that no worker has ever written into pgjobs_registry. As long
-- as no worker has written any class, nobody can tell.
SELECT job_class::text, count(*) AS jobs, min(id) AS example
FROM (
    SELECT id, job_class FROM pgjobs_job WHERE status IN ('pending', 'scheduled') LIMIT 10000
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
