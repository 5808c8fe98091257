-- What a worker knows of the project's code. In an order, because many workers may start at the same time.
INSERT INTO pgjobs_registry (kind, name, options, seen)
SELECT kind, name, options, statement_timestamp()
FROM jsonb_to_recordset(%(entries)s::jsonb) AS entry (kind text, name text, options jsonb)
ORDER BY kind, name
ON CONFLICT (kind, name) DO UPDATE SET options = EXCLUDED.options, seen = EXCLUDED.seen
