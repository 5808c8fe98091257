-- Sessions that share the lock of a dead worker by hand give the view a row for each of them.
SELECT * FROM pgjobs_workers WHERE id = %(id)s LIMIT 1
