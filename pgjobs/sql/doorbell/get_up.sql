-- A worker that has no room leaves: a ring for it would be lost to the idle workers.
DELETE FROM pgjobs_doorbell WHERE worker_id = %(worker)s
