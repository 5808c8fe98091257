-- Pause a queue or a job class; no row says that it was paused already. If another transaction has paused it and
-- is still open, the statement waits for its end.
INSERT INTO pgjobs_pause (kind, name) VALUES (%(kind)s, %(name)s) ON CONFLICT DO NOTHING RETURNING id
