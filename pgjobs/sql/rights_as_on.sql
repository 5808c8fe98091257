-- Give the rights on an older table on a newer one too, so that a role which is not the owner can do after
-- `migrate` what it could do before: {older} and {newer} are their names.
DO $$
DECLARE
    granted record;
BEGIN
    FOR granted IN
        SELECT
            acl.privilege_type AS privilege,
            CASE acl.grantee WHEN 0 THEN 'PUBLIC' ELSE acl.grantee::regrole::text END AS role
        FROM pg_class CROSS JOIN aclexplode(relacl) AS acl
        WHERE pg_class.oid = '{older}'::regclass AND acl.grantee <> relowner
    LOOP
        EXECUTE format('GRANT %s ON {newer} TO %s', granted.privilege, granted.role);
    END LOOP;
END
$$
