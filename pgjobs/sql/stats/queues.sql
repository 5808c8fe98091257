SELECT * FROM pgjobs_queues ORDER BY latency DESC NULLS LAST, queue
