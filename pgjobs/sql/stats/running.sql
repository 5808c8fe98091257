SELECT *
FROM pgjobs_running
WHERE strpos(lower(concat_ws(E'\n', name, queue, job_class, worker)), lower(%(text)s)) > 0
ORDER BY running_for DESC, id
LIMIT %(limit)s
