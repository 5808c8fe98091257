-- Delete the rows of workers that ended longer ago than finished jobs are kept.
DELETE FROM pgjobs_worker
WHERE stopped < statement_timestamp() - make_interval(days => %(days)s)
