-- Check now that the users of new jobs exist, which the database would check at the commit. Only this
-- foreign key is checked: other deferred constraints are the caller's, who may still be about to keep them.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT made.connamespace::regnamespace || '.' || quote_ident(made.conname)
        FROM pg_constraint AS made
        JOIN pg_attribute AS own ON own.attrelid = made.conrelid AND own.attnum = made.conkey[1]
        WHERE made.contype = 'f' AND made.conrelid = 'pgjobs_job'::regclass AND own.attname = 'user_id' AND made.condeferrable
    LOOP
        EXECUTE 'SET CONSTRAINTS ' || name || ' IMMEDIATE';
        EXECUTE 'SET CONSTRAINTS ' || name || ' DEFERRED';
    END LOOP;
END
$$
