SELECT * FROM pgjobs_schedules ORDER BY next_run, job_class
