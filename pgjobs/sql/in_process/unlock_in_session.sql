SELECT pg_advisory_unlock({JOBS_HERE}, %(job)s)
