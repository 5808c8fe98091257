-- Delete ticks that failed, and ticks whose procrastinate worker died while it ran them: nothing else
-- ends such a tick.
DELETE FROM procrastinate_jobs
WHERE queue_name = %(queue)s
    AND (status NOT IN ('todo', 'doing') OR status = 'doing' AND worker_id IS NULL)
