-- Whether the database has the relation.
SELECT to_regclass(%s) IS NOT NULL
