-- The functions of pgjobs that act in the rights of their owner, and that everybody may execute. A migration
-- closes them (see functions_of_roles.sql), but a restore without access rights opens them again.
SELECT function.oid::regprocedure::text
FROM pg_proc AS function
JOIN pg_class AS jobs ON jobs.oid = 'pgjobs_job'::regclass AND jobs.relnamespace = function.pronamespace
WHERE prosecdef
    AND starts_with(proname::text, 'pgjobs_')
    AND EXISTS (
        SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) AS granted WHERE grantee = 0
    )
ORDER BY 1
