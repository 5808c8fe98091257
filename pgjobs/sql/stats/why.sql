SELECT * FROM pgjobs_why(%(job)s)
