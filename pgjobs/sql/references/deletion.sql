-- What the database does to the log of a deleted job, and to the jobs of a deleted user.
-- {on_job} and {on_user} are ON DELETE actions.
--
-- Django deletes the log before the job, and takes the user off the jobs before it deletes the user.
-- In between a worker may write a log line, or insert a successor. By NO ACTION the new row refuses
-- the deletion at the commit, and the caller sees an IntegrityError.
--
-- Django chose the names of the constraints, so they are looked up. NOT VALID spares a scan of both
-- tables under a lock; references/validate.sql follows.
DO $$
DECLARE
    reference record;
BEGIN
    FOR reference IN
        SELECT
            made.conrelid::regclass AS child,
            own.attname AS column_name,
            made.conname AS name,
            made.confrelid::regclass AS parent,
            key.attname AS key,
            CASE own.attname WHEN 'job_id' THEN '{on_job}' ELSE '{on_user}' END AS action
        FROM pg_constraint AS made
        JOIN pg_attribute AS own ON own.attrelid = made.conrelid AND own.attnum = made.conkey[1]
        JOIN pg_attribute AS key ON key.attrelid = made.confrelid AND key.attnum = made.confkey[1]
        WHERE made.contype = 'f'
            AND (
                made.conrelid = 'pgjobs_log'::regclass AND own.attname = 'job_id'
                OR made.conrelid = 'pgjobs_job'::regclass AND own.attname = 'user_id'
            )
        ORDER BY own.attname
    LOOP
        EXECUTE format(
            'ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I FOREIGN KEY (%I) '
            'REFERENCES %s (%I) ON DELETE %s DEFERRABLE INITIALLY DEFERRED NOT VALID',
            reference.child, reference.name, reference.name, reference.column_name,
            reference.parent, reference.key, reference.action
        );
    END LOOP;
END
$$
