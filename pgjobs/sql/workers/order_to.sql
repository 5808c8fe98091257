-- What a worker was ordered to do whose row has ended.
SELECT kind FROM pgjobs_order WHERE worker_id = %(id)s
