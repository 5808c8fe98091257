-- Wake up to `workers` idle workers that serve one of the queues: see functions/ring.sql.
SELECT pgjobs_ring(%(queues)s, %(workers)s)
