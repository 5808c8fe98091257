-- Lock a row for the time of this statement. It is an error if another transaction holds the row.
SELECT FROM pgjobs_job WHERE id = %(id)s FOR NO KEY UPDATE NOWAIT
