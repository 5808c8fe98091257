-- Conditions that hold, and did not hold at the last look.
INSERT INTO pgjobs_alert AS alert (kind, subject, message, active)
SELECT kind, subject, message, true
FROM unnest(%(kinds)s::text[], %(subjects)s::text[], %(messages)s::text[]) AS found (kind, subject, message)
ON CONFLICT (kind, subject) DO UPDATE
SET active = true, since = statement_timestamp(), message = EXCLUDED.message
WHERE NOT alert.active
