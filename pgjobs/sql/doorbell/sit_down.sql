-- A worker that goes idle. The ring looks for `queues`. The default of `since` is the present moment,
-- and the ring wakes the worker that has waited longest.
INSERT INTO pgjobs_doorbell (worker_id, queues) VALUES (%(worker)s, %(queues)s)
ON CONFLICT (worker_id) DO NOTHING
