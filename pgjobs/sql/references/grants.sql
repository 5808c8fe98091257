-- The statements that grant anew what roles may do with views, and who may call their function: what is
-- dropped loses its grants.
SELECT format(
    'GRANT %%s ON %%s TO %%s%%s',
    granted.privilege_type,
    view.oid::regclass,
    CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END,
    CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
)
FROM unnest(%(views)s::text[]) AS wanted (name)
JOIN pg_class AS view ON view.oid = to_regclass(wanted.name)
CROSS JOIN LATERAL aclexplode(view.relacl) AS granted
WHERE granted.grantee <> view.relowner
UNION ALL
SELECT format(
    'GRANT EXECUTE ON FUNCTION %%s TO %%s%%s',
    made.oid::regprocedure,
    CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END,
    CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
)
FROM pg_proc AS made
JOIN pg_class AS jobs ON jobs.oid = 'pgjobs_job'::regclass AND jobs.relnamespace = made.pronamespace
CROSS JOIN LATERAL aclexplode(made.proacl) AS granted
WHERE made.proname = 'pgjobs_user_id' AND granted.grantee <> made.proowner
