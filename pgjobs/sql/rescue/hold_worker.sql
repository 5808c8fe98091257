-- Hold the row of a dead worker while its jobs are taken back. A second rescuer skips the worker. If
-- the worker lives after all, its heartbeat waits for this transaction and then finds the row ended.
-- The epoch guards the jobs in any case.
SELECT id FROM pgjobs_worker WHERE id = %(id)s AND stopped IS NULL FOR UPDATE SKIP LOCKED
