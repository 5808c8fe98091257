-- The statements that grant anew what roles may do with views: a view that is dropped loses its grants.
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
