-- Give the rights on the table of workers on that of orders too: a role that runs workers reads both.
DO $$
DECLARE
    granted record;
BEGIN
    FOR granted IN
        SELECT
            acl.privilege_type AS privilege,
            CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE acl.grantee::regrole::text END AS role
        FROM pg_class CROSS JOIN aclexplode(relacl) AS acl
        WHERE pg_class.oid = 'pgjobs_worker'::regclass AND acl.grantee <> relowner
    LOOP
        EXECUTE format('GRANT %s ON pgjobs_order TO %s', granted.privilege, granted.role);
    END LOOP;
END
$$
