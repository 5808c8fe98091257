-- The order to a worker, whose row may have ended.
SELECT kind FROM pgjobs_order WHERE worker_id = %(id)s
