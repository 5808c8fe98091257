-- How many jobs of each class ended in the last seconds, and how many of them badly. The index of finished
-- jobs bounds it to these.
SELECT job_class, count(*), count(*) FILTER (WHERE status <> 'completed')
FROM pgjobs_job
WHERE completed > statement_timestamp() - make_interval(secs => %(seconds)s)
    AND status IN ('completed', 'errored', 'failed')
GROUP BY job_class
