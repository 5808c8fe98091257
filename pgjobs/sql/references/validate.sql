-- Check the rows that are older than the constraints of references/deletion.sql. This statement stops
-- no reader and no writer, if it has a transaction of its own.
DO $$
DECLARE
    reference record;
BEGIN
    FOR reference IN
        SELECT conrelid::regclass AS child, conname AS name
        FROM pg_constraint
        WHERE contype = 'f'
            AND NOT convalidated
            AND conrelid IN ('pgjobs_log'::regclass, 'pgjobs_job'::regclass)
    LOOP
        EXECUTE format(
            'ALTER TABLE %s VALIDATE CONSTRAINT %I', reference.child, reference.name
        );
    END LOOP;
END
$$
