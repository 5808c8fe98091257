-- Wake up to `workers` idle workers that serve one of the queues; the function is in migration 0004.
SELECT pgjobs_ring(%(queues)s, %(workers)s)
