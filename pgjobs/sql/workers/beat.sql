-- The heartbeat. It returns no row if a rescuer has ended the worker. The row says whether the worker
-- that makes the rounds and its deputy have both begun one within `overdue` seconds, so that no other
-- worker needs a statement of its own to ask. It also has the order to this worker.
--
-- The commit does not wait for the disk: after a crash of the server a heartbeat is sent anew.
UPDATE pgjobs_worker
SET heartbeat = statement_timestamp(), draining = %(draining)s
WHERE id = %(id)s
    AND stopped IS NULL
    AND set_config('synchronous_commit', 'off', true) = 'off'
RETURNING 2 = (
    SELECT count(*)
    FROM pgjobs_round
    WHERE place IN (1, 2)
        AND begun > statement_timestamp() - make_interval(secs => %(overdue)s)
        AND begun < statement_timestamp() + interval '1 second'
),
(SELECT kind FROM pgjobs_order WHERE worker_id = %(id)s)
