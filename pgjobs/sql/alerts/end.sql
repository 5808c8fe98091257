-- Conditions that hold no more.
UPDATE pgjobs_alert AS alert
SET active = false, since = statement_timestamp()
WHERE active
    AND NOT EXISTS (
        SELECT FROM unnest(%(kinds)s::text[], %(subjects)s::text[]) AS found (kind, subject)
        WHERE found.kind = alert.kind AND found.subject = alert.subject
    )
