-- The indexes of these names that are there and valid.
SELECT class.relname::text
FROM pg_index AS index
JOIN pg_class AS class ON class.oid = index.indexrelid
WHERE index.indrelid = ANY (%(tables)s::regclass[]) AND index.indisvalid
