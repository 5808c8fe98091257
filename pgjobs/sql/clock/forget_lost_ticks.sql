-- Delete ticks that failed, and ticks that a procrastinate worker was running when it died: no other
-- statement ends such a tick.
DELETE FROM procrastinate_jobs
WHERE queue_name = %(queue)s
    AND (status NOT IN ('todo', 'doing') OR status = 'doing' AND worker_id IS NULL)
