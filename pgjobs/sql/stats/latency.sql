SELECT * FROM pgjobs_latency WHERE span = %(span)s ORDER BY run_p95 DESC NULLS LAST, job_class, queue
