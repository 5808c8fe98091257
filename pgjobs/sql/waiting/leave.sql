DELETE FROM pgjobs_waiter WHERE id = %(waiter)s
