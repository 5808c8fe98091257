-- Draw ids for new jobs. The subquery looks the sequence up once; a bare call of
-- pg_get_serial_sequence() would do so for each row.
SELECT nextval((SELECT pg_get_serial_sequence('pgjobs_job', 'id')::regclass))
FROM generate_series(1, %(count)s)
