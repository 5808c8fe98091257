SELECT pg_advisory_unlock({HERE_LOCK}, %(job)s)
