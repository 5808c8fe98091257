SELECT * FROM pgjobs_failures ORDER BY last_seen DESC LIMIT %(limit)s
