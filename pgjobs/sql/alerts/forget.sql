-- Conditions that hold no more, and this was told. Not if a process has begun to tell that one holds: then its
-- end is to be told next.
DELETE FROM pgjobs_alert
WHERE kind <> 'turn' AND NOT active AND NOT told AND claimed_until IS NULL
