SELECT * FROM pgjobs_throughput
WHERE span = %(span)s
ORDER BY completed + errored + failed + cancelled DESC, job_class, queue
