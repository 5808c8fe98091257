-- Wake up to `workers` idle workers that serve one of the queues. A function, because PL/pgSQL plans
-- once for each session: as a statement the ring cost as much as the INSERT of its job.
SELECT pgjobs_ring(%(queues)s, %(workers)s)
