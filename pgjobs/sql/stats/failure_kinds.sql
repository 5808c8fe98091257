SELECT * FROM pgjobs_failure_kinds ORDER BY last_seen DESC LIMIT %(limit)s
