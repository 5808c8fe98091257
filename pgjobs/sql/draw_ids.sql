-- Draw ids for new jobs, and tell whether row policies of the table hold for this role. The subqueries
-- look once; a bare call of pg_get_serial_sequence() would do so for each row.
SELECT
    nextval((SELECT pg_get_serial_sequence('pgjobs_job', 'id')::regclass)),
    (SELECT row_security_active('pgjobs_job'))
FROM generate_series(1, %(count)s)
